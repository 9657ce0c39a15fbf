/** What a Cheetah template is made of once it is read. */
import type { Argument, Expression, Parameter } from '../python/expression';
import type { BinaryOperator } from '../python/operators';

export type Node =
  | { kind: 'text'; text: string }
  /** `SNIPPET::name` in plain or raw text: rendered in plain text, put in as it is in raw text. */
  | { kind: 'snippet'; line: number; name: string; isRaw: boolean }
  | OutputNode
  | { kind: 'if'; line: number; clauses: Clause[]; otherwise: Node[] | null }
  | { kind: 'for'; line: number; target: Expression; source: Expression; body: Node[]; otherwise: Node[] | null }
  | { kind: 'while'; line: number; condition: Expression; body: Node[]; otherwise: Node[] | null }
  | { kind: 'repeat'; line: number; count: Expression; body: Node[] }
  | TryNode
  | SetNode
  | { kind: 'delete'; line: number; target: Expression }
  | { kind: 'silent'; line: number; expression: Expression }
  | { kind: 'include'; line: number; source: Expression; isFile: boolean; isRaw: boolean }
  | { kind: 'capture'; line: number; target: Expression; body: Node[] }
  | { kind: 'cache'; line: number; key: Expression | null; body: Node[] }
  | { kind: 'call'; line: number; callee: Expression; args: readonly Argument[]; parts: CallPart[] }
  | { kind: 'filter'; line: number; name: string; body: Node[] }
  | { kind: 'block'; line: number; name: string }
  | { kind: 'function'; line: number; definition: Definition }
  | { kind: 'catcher'; line: number; name: string }
  | { kind: 'return'; line: number; value: Expression | null }
  | { kind: 'raise'; line: number; value: Expression | null }
  | { kind: 'assert'; line: number; condition: Expression; message: Expression | null }
  | { kind: 'import'; line: number; imports: readonly Import[] }
  | { kind: 'break' | 'continue' | 'stop' | 'pass'; line: number };

/** `$x`, `${x}`, `#echo x`. */
export interface OutputNode {
  kind: 'output';
  line: number;
  expression: Expression;
  /** As written, put out when the error catcher is on and a name in it is not found. */
  raw: string;
  isCaught: boolean;
  /** `$!x`: nothing when a name in it is not found. */
  isSilent: boolean;
  /** `$*x`: evaluated once per rendering. */
  isCached: boolean;
  filterArgs: readonly Argument[];
}

export interface Clause {
  line: number;
  condition: Expression;
  body: Node[];
}

export interface TryNode {
  kind: 'try';
  line: number;
  body: Node[];
  handlers: { line: number; types: Expression | null; name: string | null; body: Node[] }[];
  otherwise: Node[] | null;
  last: Node[] | null;
}

export interface SetNode {
  kind: 'set';
  line: number;
  style: 'local' | 'global' | 'module';
  /** Several for `a = b = 1`. */
  targets: readonly Expression[];
  op: BinaryOperator | null;
  value: Expression;
}

/** The part of a `#call` before the first `#arg` has no name. */
export interface CallPart {
  name: string | null;
  body: Node[];
}

/** A `#def`, `#block` or `#closure`. */
export interface Definition {
  name: string;
  parameters: readonly Parameter[];
  body: Node[];
}

export interface Import {
  module: string;
  /** As written: `os.path` of `import os.path`, which gives the name `os`. */
  written: string;
  /** What of it: null for the module itself. */
  member: string | null;
  as: string;
}

/** A template read and ready to be rendered any number of times. */
export interface CheetahTemplate {
  main: Node[];
  /** `#def` and `#block`, by name. */
  methods: ReadonlyMap<string, Definition>;
  /** `#attr`: evaluated before anything else, without the data. */
  attributes: readonly { line: number; name: string; value: Expression }[];
  imports: readonly { line: number; imports: readonly Import[] }[];
}
