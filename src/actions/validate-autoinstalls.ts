import { detectKind } from '../domain/autoinstall';
import type { Criteria } from '../domain/find';
import { lintAutoinstall } from '../domain/lint-autoinstall';
import type { Rendered } from './render-autoinstall';
import type { TaskContext } from './run-tasks';

/** What is looked at. */
export interface ValidateDeps {
  listNames(type: 'profile' | 'system' | 'repo', criteria: Criteria): Promise<string[]>;
  render(type: 'profile' | 'system', name: string): Promise<Rendered>;
}

/** Renders the autoinstall file of every profile and system and reads it; false when one cannot be rendered. */
export async function validateAutoinstalls(deps: ValidateDeps, task: TaskContext): Promise<boolean> {
  let errors = 0;
  let files = 0;
  for (const type of ['profile', 'system'] as const) {
    for (const name of await deps.listNames(type, {})) {
      task.signal.throwIfAborted();
      const rendered = await deps.render(type, name);
      if (rendered.kind === 'no-item' || rendered.kind === 'no-file') continue;
      files++;
      if (rendered.kind === 'error') {
        errors++;
        const line = rendered.line === null ? '' : `:${rendered.line}`;
        task.log(`${type} ${name}: ${rendered.template}${line}: ${rendered.sentence}`, 'ERROR');
        continue;
      }
      const kind = detectKind(rendered.text);
      const findings = kind === null ? [] : lintAutoinstall(kind, rendered.text);
      for (const { line, text } of findings) {
        task.log(`${type} ${name}: ${line === null ? '' : `line ${line}: `}${text}`, 'WARNING');
      }
    }
  }
  task.log(`${files} files were rendered and read, ${errors} could not be.`);
  return errors === 0;
}
