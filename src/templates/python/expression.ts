/** Expressions as trees: Python's own, and the few forms Cheetah and Jinja2 add. */
import type { BinaryOperator, CompareOperator } from './operators';
import type { Value } from './values';

export type Expression =
  | { kind: 'constant'; value: Value }
  /** A name as Python itself looks it up. */
  | { kind: 'name'; name: string }
  /** Cheetah's `$a.b`: searched for in locals, then in the data. */
  | { kind: 'lookup'; names: readonly string[]; autocall: boolean }
  /** Cheetah's `.b.c` after a call or an index. */
  | { kind: 'member'; object: Expression; names: readonly string[]; autocall: boolean }
  | { kind: 'attribute'; object: Expression; name: string }
  | { kind: 'index'; object: Expression; index: Expression }
  | { kind: 'slice'; start: Expression | null; stop: Expression | null; step: Expression | null }
  | { kind: 'call'; callee: Expression; args: readonly Argument[] }
  | { kind: 'unary'; op: '-' | '+' | '~'; operand: Expression }
  | { kind: 'not'; operand: Expression }
  | { kind: 'binary'; op: BinaryOperator; left: Expression; right: Expression }
  | { kind: 'compare'; first: Expression; rest: readonly (readonly [CompareOperator, Expression])[] }
  | { kind: 'logic'; op: 'and' | 'or'; left: Expression; right: Expression }
  | { kind: 'choice'; condition: Expression; then: Expression; otherwise: Expression }
  | { kind: 'list' | 'tuple' | 'set'; items: readonly Expression[] }
  /** `*items` in a display. */
  | { kind: 'star'; operand: Expression }
  /** A null key stands for `**other`. */
  | { kind: 'dict'; entries: readonly (readonly [Expression | null, Expression])[] }
  | Comprehension
  | { kind: 'lambda'; parameters: readonly Parameter[]; body: Expression }
  | { kind: 'fstring'; parts: readonly FStringPart[] }
  /** Python would not understand it, which it says when the expression is reached. */
  | { kind: 'broken'; message: string }
  /** Jinja2's `value|name(args)` and `value is name(args)`. */
  | { kind: 'filter'; name: string; operand: Expression; args: readonly Argument[] }
  | { kind: 'test'; name: string; operand: Expression; args: readonly Argument[]; negated: boolean }
  /** Jinja2's `a ~ b`. */
  | { kind: 'concat'; items: readonly Expression[] };

export interface Comprehension {
  kind: 'comprehension';
  result: 'list' | 'set' | 'dict' | 'generator';
  /** Of a dict only. */
  key: Expression | null;
  value: Expression;
  clauses: readonly { target: Expression; source: Expression; conditions: readonly Expression[] }[];
}

/** One argument of a call: by position, by name, `*list` or `**dict`. */
export interface Argument {
  kind: 'position' | 'keyword' | 'list' | 'dict';
  name: string;
  value: Expression;
}

/** One parameter of a function. */
export interface Parameter {
  kind: 'plain' | 'list' | 'dict';
  name: string;
  otherwise: Expression | null;
}

export type FStringPart = string | { value: Expression; conversion: string | undefined; spec: readonly FStringPart[] };
