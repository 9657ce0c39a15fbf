import type { Knex } from 'knex';

/** Names of the systems measured with: this and five digits. */
export const PREFIX = 'bench';

const PAGE = 1_000;

/** Puts one distro, one profile and that many systems, each with an address, into an empty inventory. */
export async function fillInventory(knex: Knex, systems: number, addressOf = addressInTen): Promise<void> {
  const item = (name: string) => ({ name, uid: `uid-${name}`, ctime: 0, mtime: 0, data: '{}' });
  await knex('distros').insert(item('el9'));
  await knex('profiles').insert({ ...item('web'), distro: 'el9' });
  for (let from = 0; from < systems; from += PAGE) {
    const names = Array.from({ length: Math.min(PAGE, systems - from) }, (_, at) => nameOf(from + at));
    const rows: { id: number }[] = await knex('systems')
      .insert(names.map((name) => ({ ...item(name), profile: 'web' })))
      .returning('id');
    await knex('interfaces').insert(
      rows.map(({ id }, at) => {
        const number = from + at;
        const ip = addressOf(number);
        const mac = `52:54:00:${[number >> 16, (number >> 8) & 255, number & 255].map((byte) => byte.toString(16).padStart(2, '0')).join(':')}`;
        return { system_id: id, name: 'eth0', ip, mac, data: '{}' };
      }),
    );
  }
  await knex.raw('analyze distros, profiles, systems, interfaces');
}

const addressInTen = (number: number): string => `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;

/** The name of a system by its number. */
export function nameOf(number: number): string {
  return PREFIX + String(number).padStart(5, '0');
}
