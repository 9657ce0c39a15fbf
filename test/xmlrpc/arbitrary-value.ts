import fc from 'fast-check';
import { DateTime, Double, struct, type XmlRpcValue } from '../../src/xmlrpc/value';

/** Text that XML can carry, CR included: markup, controls that are allowed, and anything beyond ASCII. */
export const xmlText = fc
  .string({
    unit: fc.oneof(
      fc.constantFrom('<', '>', '&', "'", '"', ']]>', '\t', '\n', '\r', ' ', ':', ';', '#'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    ),
  })
  .map((text) => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, 'x').toWellFormed());

/** `YYYYMMDDTHH:MM:SS` of a day that exists. */
export const dateTime = fc
  .date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-30T00:00:00Z'), noInvalidDate: true })
  .map((date) => new DateTime(date.toISOString().slice(0, 19).replaceAll('-', '')));

/** Values that come back as they went; `withNil` for requests, in which nil may stand. */
export function xmlRpcValue(withNil: boolean): fc.Arbitrary<XmlRpcValue> {
  return fc.letrec<{ value: XmlRpcValue }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5, depthSize: 'small' },
      fc.boolean(),
      fc.integer(),
      fc.double().map((value) => new Double(value)),
      xmlText,
      dateTime,
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      ...(withNil ? [fc.constant(null)] : []),
      fc.array(tie('value'), { maxLength: 8 }),
      fc
        .array(fc.tuple(fc.oneof(xmlText, fc.constantFrom('__proto__', 'constructor', '')), tie('value')), {
          maxLength: 8,
        })
        .map((entries) =>
          entries.reduce((made, [name, value]) => Object.assign(made, struct({ [name]: value })), struct()),
        ),
    ),
  })).value;
}
