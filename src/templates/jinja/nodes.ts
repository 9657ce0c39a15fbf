/** What a Jinja2 template is made of once it is read. */
import type { Expression, Parameter } from '../python/expression';

export type Node =
  | { kind: 'text'; text: string }
  | { kind: 'output'; line: number; expression: Expression }
  | { kind: 'if'; line: number; clauses: { condition: Expression; body: Node[] }[]; otherwise: Node[] }
  | ForNode
  | { kind: 'set'; line: number; target: Expression; value: Expression }
  /** `{% set x %}…{% endset %}`; `filter` works on the text, which is the name `#text`. */
  | { kind: 'set-block'; line: number; target: Expression; filter: Expression | null; body: Node[] }
  | { kind: 'filter'; line: number; filter: Expression; body: Node[] }
  | { kind: 'with'; line: number; targets: Expression[]; values: Expression[]; body: Node[] }
  | { kind: 'block'; line: number; body: Node[] }
  | MacroNode
  | {
      kind: 'call';
      line: number;
      parameters: readonly Parameter[];
      call: Expression;
      body: Node[];
      takes: ReadonlySet<string>;
    }
  | { kind: 'include'; line: number; name: Expression; mayBeMissing: boolean; withContext: boolean }
  | { kind: 'import'; line: number; name: Expression; as: string; withContext: boolean }
  | { kind: 'from'; line: number; name: Expression; names: (readonly [string, string])[]; withContext: boolean };

export interface ForNode {
  kind: 'for';
  line: number;
  target: Expression;
  source: Expression;
  condition: Expression | null;
  isRecursive: boolean;
  body: Node[];
  otherwise: Node[];
}

export interface MacroNode {
  kind: 'macro';
  line: number;
  name: string;
  parameters: readonly Parameter[];
  body: Node[];
  /** Which of varargs, kwargs and caller its body asks for. */
  takes: ReadonlySet<string>;
}

/** The text a filter of a block works on, under a name no template can write. */
export const BLOCK_TEXT: Expression = { kind: 'name', name: '#text' };
