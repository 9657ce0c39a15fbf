/** time.strftime and time.gmtime; all times are UTC. */
import { asCount } from './numbers';
import { PyTuple, raise, type Value } from './values';

const DAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'],
  ...['November', 'December'],
];

/** The nine fields of a struct_time. */
export function timeFields(at: Date): PyTuple {
  if (Number.isNaN(at.getTime())) raise('ValueError', 'timestamp out of range');
  const start = Date.UTC(at.getUTCFullYear(), 0, 1);
  return new PyTuple([
    at.getUTCFullYear(),
    at.getUTCMonth() + 1,
    at.getUTCDate(),
    at.getUTCHours(),
    at.getUTCMinutes(),
    at.getUTCSeconds(),
    (at.getUTCDay() + 6) % 7,
    Math.floor((at.getTime() - start) / 86_400_000) + 1,
    0,
  ]);
}

/** time.strftime(form, fields) for the directives every platform has. */
export function formatTime(form: string, fields: Value): string {
  if (!(fields instanceof PyTuple) || fields.items.length !== 9)
    raise('TypeError', 'Tuple or struct_time argument required');
  const [year, month, day, hour, minute, second, weekday, yearDay] = fields.items.map((item) => asCount(item)) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const two = (value: number): string => String(value).padStart(2, '0');
  const parts: Record<string, string> = {
    Y: String(year),
    y: two(year % 100),
    m: two(month),
    d: two(day),
    e: String(day).padStart(2, ' '),
    H: two(hour),
    I: two(hour % 12 || 12),
    M: two(minute),
    S: two(second),
    p: hour < 12 ? 'AM' : 'PM',
    j: String(yearDay).padStart(3, '0'),
    w: String((weekday + 1) % 7),
    a: (DAYS[weekday] ?? '').slice(0, 3),
    A: DAYS[weekday] ?? '',
    b: (MONTHS[month - 1] ?? '').slice(0, 3),
    B: MONTHS[month - 1] ?? '',
    F: `${year}-${two(month)}-${two(day)}`,
    T: `${two(hour)}:${two(minute)}:${two(second)}`,
    Z: 'UTC',
    z: '+0000',
    '%': '%',
  };
  return form.replace(/%(.)/g, (whole, letter: string) => (Object.hasOwn(parts, letter) ? parts[letter]! : whole));
}
