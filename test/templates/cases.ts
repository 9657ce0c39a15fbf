import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TemplateData } from '../../src/templates';

/** The templates, cases and results of the real Cheetah and Jinja2; see the README there. */
export const FIXTURES = join(__dirname, '../../fixtures/templates');

export interface Case {
  source: string;
  missing?: 'echo' | 'error';
  /** Why ours differs on purpose; `null` results are then rendered, or others refused. */
  differs?: string;
}

export type Data = Record<string, TemplateData>;

export function readJson(...path: string[]): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, ...path), 'utf8'));
}

/** The table of cases of a language, with what the real one makes of each: null where it fails. */
export function readCases(language: string): { data: Data; cases: (Case & { expected: string | null })[] } {
  const table = readJson(language, 'cases.json') as { data: Data; cases: Case[] };
  const expectations = readJson(language, 'expectations.json') as (string | null)[];
  return { data: table.data, cases: table.cases.map((one, at) => ({ ...one, expected: expectations[at]! })) };
}

/** Whole templates, with their results. */
export function readTemplates(language: string): { name: string; source: string; expected: string }[] {
  const names = readdirSync(join(FIXTURES, language)).filter((name) => name.endsWith('.tmpl'));
  const read = (name: string): string => readFileSync(join(FIXTURES, language, name), 'utf8');
  return names.map((name) => ({ name, source: read(name), expected: read(name.replace(/tmpl$/, 'expected')) }));
}

export const SNIPPETS = readJson('snippets.json') as Record<string, string>;
export const DATA = readJson('data.json') as Data;
