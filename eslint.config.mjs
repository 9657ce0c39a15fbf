import tseslint from 'typescript-eslint';

/**
 * Who may import whom. An arrow points from a folder to what it may use:
 *
 *   main -> app -> xmlrpc, http, syslog, cli -> actions -> intake -> domain
 *            `---> store, notify, auth -------------------> domain
 *
 * Arrows never turn back and siblings do not meet. What an outer part needs, app.ts hands it as an argument.
 * `types` lists what a folder may import with `import type` only.
 */
const FOLDERS = {
  domain: { may: [], types: [] },
  intake: { may: ['domain'], types: [] },
  store: { may: ['domain'], types: [] },
  notify: { may: ['domain'], types: ['log'] },
  actions: { may: ['domain', 'intake'], types: ['store', 'notify', 'log', 'loop', 'settings', 'templates'] },
  xmlrpc: { may: ['domain', 'actions'], types: ['store', 'notify', 'log', 'settings'] },
  http: { may: ['domain', 'actions'], types: ['store', 'notify', 'log', 'settings'] },
  syslog: { may: ['domain', 'actions'], types: ['log'] },
  templates: { may: ['domain'], types: [] },
  auth: { may: ['domain'], types: [] },
};

const NEIGHBOURS = [
  'actions',
  'app',
  'auth',
  'cli',
  'config',
  'http',
  'intake',
  'log',
  'loop',
  'main',
  'notify',
  'settings',
  'store',
  'syslog',
  'templates',
  'xmlrpc',
];

/** Folders of pure functions: no file, no socket, no package. */
const PURE = ['domain', 'intake'];
const NO_PACKAGES = { regex: '^[^.]', message: 'Pure functions need nothing from outside.' };

/** Two rules: one for what may not be imported at all, its twin for what may be imported as a type. */
function directionRules(folder) {
  const { may, types } = FOLDERS[folder];
  const outside = (names) => `^(\\.\\./)+(?:${names.join('|')})(?:/|$)`;
  const closed = [...NEIGHBOURS, 'domain'].filter(
    (name) => name !== folder && !may.includes(name) && !types.includes(name),
  );
  const message = `src/${folder} may import ${[...may, ...types.map((name) => `types of ${name}`)].join(', ') || 'nothing but itself'}.`;
  return {
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: outside(closed), message }, ...(PURE.includes(folder) ? [NO_PACKAGES] : [])] },
      ],
      '@typescript-eslint/no-restricted-imports':
        types.length === 0
          ? 'off'
          : ['error', { patterns: [{ regex: outside(types), message, allowTypeImports: true }] }],
    },
  };
}

const PROCESS_ENV = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Only config.ts reads the environment.',
};

/** The rules know no clock and no chance: both are arguments. */
const IMPURE = [
  { selector: "NewExpression[callee.name='Date'][arguments.length=0]", message: 'Time is an argument.' },
  {
    selector: "CallExpression[callee.object.name='Date'][callee.property.name='now']",
    message: 'Time is an argument.',
  },
  { selector: "MemberExpression[object.name='Math'][property.name='random']", message: 'Chance is an argument.' },
];

export default tseslint.config(
  { ignores: ['dist/', 'data/', 'coverage/', 'fixtures/', '**/*.js', '**/*.cjs'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // `x!` where the reason is in sight is clearer than a branch that cannot be taken.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Numbers and booleans read well inside template literals.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // With noUncheckedIndexedAccess off for tuples and JSON from outside, such checks are often wanted.
      '@typescript-eslint/no-unnecessary-condition': 'off',
      // A function of an interface may answer a promise without having to wait for anything.
      '@typescript-eslint/require-await': 'off',
      // Parts are plain objects of functions, which know no `this` and may be handed on one by one.
      '@typescript-eslint/unbound-method': 'off',
      // Values from the wire and from JSON: where text is expected, String() of anything else is what is meant.
      '@typescript-eslint/no-base-to-string': 'off',
      // `.catch((error: NodeJS.ErrnoException) => error.code …)` is how system errors are told apart.
      '@typescript-eslint/use-unknown-in-catch-callback-variable': 'off',
      // Items are records whose fields come and go.
      '@typescript-eslint/no-dynamic-delete': 'off',
      // A step may answer nothing.
      '@typescript-eslint/no-invalid-void-type': 'off',
      // `[...text]` splits into code points, on purpose.
      '@typescript-eslint/no-misused-spread': 'off',
      // Overflows the stack on recursive types (typescript-eslint 8.73.0).
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      'no-restricted-syntax': ['error', PROCESS_ENV],
      'no-control-regex': 'off',
      'max-lines': ['error', { max: 500, skipBlankLines: true, skipComments: true }],
      'no-console': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'prefer-const': 'error',
    },
  },
  ...Object.keys(FOLDERS).map(directionRules),
  { files: ['src/domain/**/*.ts'], rules: { 'no-restricted-syntax': ['error', PROCESS_ENV, ...IMPURE] } },
  {
    files: ['src/config.ts', 'test/**/*.ts', 'bench/**/*.ts', 'knexfile.ts'],
    rules: { 'no-restricted-syntax': 'off' },
  },
  {
    // Tests handle rows and answers of unknown shape, and say what they expect of them.
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      'no-console': 'off',
    },
  },
);
