/** The marks of the language; `#compiler-settings` may change them. */

export interface Marks {
  cheetahVarStartToken: string;
  commentStartToken: string;
  multiLineCommentStartToken: string;
  multiLineCommentEndToken: string;
  directiveStartToken: string;
  directiveEndToken: string;
  EOLSlurpToken: string;
  allowWhitespaceAfterDirectiveStartToken: boolean;
}

export const DEFAULT_MARKS: Readonly<Marks> = {
  cheetahVarStartToken: '$',
  commentStartToken: '##',
  multiLineCommentStartToken: '#*',
  multiLineCommentEndToken: '*#',
  directiveStartToken: '#',
  directiveEndToken: '#',
  EOLSlurpToken: '#',
  allowWhitespaceAfterDirectiveStartToken: false,
};

/** The sticky expressions made of the marks. */
export interface Syntax {
  marks: Readonly<Marks>;
  comment: RegExp;
  longComment: RegExp;
  longCommentEnd: RegExp;
  /** `$x`, `${x`, `$*x`, `$!x` … before the name. */
  variable: RegExp;
  /** `${` and its like before anything else than a name. */
  expression: RegExp;
  /** `$` before a name, inside an expression. */
  inner: RegExp;
  directive: RegExp;
  directiveEnd: RegExp;
  slurp: RegExp | null;
  /** Characters none of the marks begins with need no closer look. */
  starts: string;
}

const CACHE = String.raw`(?:\*[0-9.]+[smhdw]?\*|\*|)`;

export function makeSyntax(marks: Readonly<Marks>): Syntax {
  const unescaped = (mark: string): string => String.raw`(?<!\\)${escape(mark)}`;
  const variable = unescaped(marks.cheetahVarStartToken);
  const blanks = marks.allowWhitespaceAfterDirectiveStartToken ? '[ \\t]*' : '';
  return {
    marks,
    comment: new RegExp(unescaped(marks.commentStartToken), 'y'),
    longComment: new RegExp(unescaped(marks.multiLineCommentStartToken), 'y'),
    longCommentEnd: new RegExp(unescaped(marks.multiLineCommentEndToken), 'y'),
    variable: new RegExp(String.raw`${variable}(?<silent>!?)(?<cache>${CACHE})(?:[{(\[][ \t\f]*)?(?=[A-Za-z_])`, 'y'),
    expression: new RegExp(String.raw`${variable}(?<cache>${CACHE})[{(\[][ \t\f]*(?=[^)}\]])`, 'y'),
    inner: new RegExp(String.raw`${escape(marks.cheetahVarStartToken)}(?=[A-Za-z_])`, 'y'),
    directive: new RegExp(`${unescaped(marks.directiveStartToken)}${blanks}(?=[A-Za-z_@])`, 'y'),
    directiveEnd: new RegExp(unescaped(marks.directiveEndToken), 'y'),
    slurp:
      marks.EOLSlurpToken === ''
        ? null
        : new RegExp(String.raw`${escape(marks.EOLSlurpToken)}[ \t\f]*(?:\r\n|\n|\r)`, 'y'),
    starts:
      marks.commentStartToken[0]! +
      marks.multiLineCommentStartToken[0]! +
      marks.cheetahVarStartToken[0]! +
      marks.directiveStartToken[0]! +
      (marks.EOLSlurpToken[0] ?? '') +
      '<S',
  };
}

function escape(text: string): string {
  return text.replace(/[$^*+.?{}[\]()|\\/]/g, '\\$&');
}

export const DIRECTIVES: ReadonlySet<string> = new Set([
  ...['import', 'from', 'extends', 'implements', 'super', 'slurp', 'raw', 'include', 'cache', 'filter', 'echo'],
  ...[
    'silent',
    'transform',
    'call',
    'arg',
    'capture',
    'attr',
    'def',
    'block',
    '@',
    'defmacro',
    'closure',
    'set',
    'del',
  ],
  ...['if', 'while', 'for', 'else', 'elif', 'pass', 'break', 'continue', 'stop', 'return', 'yield', 'repeat', 'unless'],
  ...['assert', 'raise', 'try', 'except', 'finally', 'errorCatcher', 'breakpoint', 'compiler', 'compiler-settings'],
  ...['shBang', 'encoding', 'end', 'i18n'],
]);

/** In the order in which `#end NAME` is compared with them, by its beginning. */
export const END_NAMES = [
  ...['def', 'block', 'closure', 'cache', 'call', 'capture', 'filter', 'errorCatcher', 'while', 'for', 'if', 'try'],
  ...['repeat', 'unless'],
] as const;

/** A line of its own or part of one: `SNIPPET::name`. */
export const SNIPPET = /SNIPPET::([A-Za-z0-9_][A-Za-z0-9_./-]*)/y;
