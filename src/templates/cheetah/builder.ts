/** Puts the pieces of a template together while it is read, with Cheetah's rules for white space and nesting. */
import type { Definition, Node } from './nodes';
import { TemplateFault } from '../template-fault';

/** Directives that are open, as `#end` names them. */
interface Block {
  name: string;
  node: Node | null;
  /** Where nodes go again once the block is closed. */
  outside: Node[];
}

/** The template itself, or one `#def` of it. */
interface Method {
  definition: Definition;
  /** Text not yet put into a node: white space before a directive may still be taken from its end. */
  pending: string[];
  body: Node[];
  /** Whether names not found are put out as written. */
  isCaught: boolean;
}

/** Directives within one another, in the whole template. */
const DEEPEST = 100;

export class Builder {
  private readonly methods: Method[] = [];
  private readonly open: (Block & { line: number })[] = [];
  readonly finished = new Map<string, Definition>();
  /** Blocks that `#end` may close; one-line ones are none. */
  private readonly closeable: string[] = [];

  constructor(isCaught: boolean) {
    this.enter({ name: 'respond', parameters: [], body: [] }, isCaught);
  }

  private get method(): Method {
    return this.methods.at(-1)!;
  }

  get isCaught(): boolean {
    return this.method.isCaught;
  }

  set isCaught(value: boolean) {
    this.method.isCaught = value;
  }

  /** A `#def` or `#block` begins: what follows is its own. */
  enter(definition: Definition, isCaught = false): void {
    this.methods.push({ definition, pending: [], body: definition.body, isCaught });
  }

  /** It ends; the name of the method. */
  leave(): string {
    this.flush();
    const { definition } = this.methods.pop()!;
    this.finished.set(definition.name, definition);
    return definition.name;
  }

  /** The finished main part. */
  main(): Node[] {
    this.flush();
    return this.methods[0]!.definition.body;
  }

  text(text: string): void {
    this.method.pending.push(text);
  }

  /** Puts pending text into the tree, white space and all. */
  flush(): void {
    const text = this.method.pending.join('');
    this.method.pending = [];
    if (text !== '') this.method.body.push({ kind: 'text', text });
  }

  /** Takes the white space before a directive that stands alone in its line. */
  gobble(): void {
    const { pending } = this.method;
    const last = pending.at(-1);
    if (last === undefined) return;
    const start = Math.max(last.lastIndexOf('\n'), last.lastIndexOf('\r')) + 1;
    pending[pending.length - 1] = last.slice(0, start);
  }

  add(node: Node): void {
    this.flush();
    this.method.body.push(node);
  }

  /** Opens a directive: nodes go into `body` until it is closed. `node` null: it has been added, or there is none. */
  push(name: string, line: number, node: Node | null, body: Node[], isCloseable: boolean): void {
    if (this.open.length >= DEEPEST) throw new TemplateFault(line, `directives are nested more than ${DEEPEST} deep`);
    this.flush();
    if (node !== null) this.method.body.push(node);
    this.open.push({ name, node, outside: this.method.body, line });
    if (isCloseable) this.closeable.push(name);
    this.method.body = body;
  }

  /** Opens a `#def` or `#block`, which has a body of its own elsewhere. */
  pushMethod(name: string, line: number): void {
    if (this.open.length >= DEEPEST) throw new TemplateFault(line, `directives are nested more than ${DEEPEST} deep`);
    this.open.push({ name, node: null, outside: [], line });
    this.closeable.push(name);
  }

  /** The node of the innermost open directive. */
  get current(): Node | null {
    return this.open.at(-1)?.node ?? null;
  }

  /** Where nodes of the innermost open directive go from now on: its `#else` and the like. */
  redirect(body: Node[]): void {
    this.flush();
    this.method.body = body;
  }

  /** The last node put in, for a one-line `#else`. */
  lastNode(): Node | undefined {
    this.flush();
    return this.method.body.at(-1);
  }

  /** Closes the innermost directive after an `#end NAME`; its node. */
  pop(name: string, line: number): Node | null {
    const last = this.open.at(-1);
    if (last === undefined || this.closeable.length === 0) throw new TemplateFault(line, `#end ${name} closes nothing`);
    if (last.name !== name) {
      throw new TemplateFault(
        line,
        `#end ${name} found, but the #${last.name} of line ${last.line} has to be closed first`,
      );
    }
    this.closeable.pop();
    return this.close();
  }

  /** Closes the innermost directive. */
  close(): Node | null {
    this.flush();
    const { node, outside } = this.open.pop()!;
    this.method.body = outside;
    return node;
  }

  /** A method's directive is closed without touching where nodes go. */
  popMethod(name: string, line: number): void {
    const last = this.open.at(-1);
    if (last?.name !== name) {
      const expected =
        last === undefined
          ? 'closes nothing'
          : `found, but the #${last.name} of line ${last.line} has to be closed first`;
      throw new TemplateFault(line, `#end ${name} ${expected}`);
    }
    this.open.pop();
    this.closeable.pop();
  }

  /** How many directives of that name are open. */
  countOpen(name: string): number {
    return this.open.filter((block) => block.name === name).length;
  }

  /** Names of the open directives, innermost first. */
  isInLoop(): boolean {
    for (let at = this.open.length - 1; at >= 0; at -= 1) {
      const { name } = this.open[at]!;
      if (name === 'for' || name === 'while' || name === 'repeat') return true;
      if (name === 'def' || name === 'block' || name === 'closure') return false;
    }
    return false;
  }

  /** Throws when a directive was never closed. */
  checkClosed(): void {
    const last = this.open.at(-1);
    if (last !== undefined)
      throw new TemplateFault(last.line, `the #${last.name} of this line is never closed by an #end ${last.name}`);
  }
}
