import type { Limits } from './limits';
import type { TemplateData } from './python/convert';

/** What a template is rendered with. */
export interface RenderOptions {
  /** For messages: `sample.ks`. */
  name: string;
  /** The variables: own properties of a record, or a map. Nothing a template does changes them. */
  data: Readonly<Record<string, TemplateData>> | ReadonlyMap<string, TemplateData>;
  /** Source of a snippet (`$SNIPPET('name')`, `SNIPPET::name`, Jinja2's `{% include %}`); null when there is none. */
  snippets?: (name: string) => string | null;
  /** Source of a file Cheetah's `#include` names; null when there is none or it may not be read. */
  includes?: (path: string) => string | null;
  /** Further functions for templates, such as Cobbler's `sedesc`; arguments and result are texts. */
  functions?: Readonly<Record<string, (...args: string[]) => string>>;
  /**
   * A variable that is not there: `echo` leaves the placeholder as it is written, so that the shell's `$HOME` survives, as
   * Cobbler 3.3.7 was seen to do (`modules=$esx_modules`); `error` is a TemplateError. Jinja2 puts out nothing for either
   * of them when set to `echo`, as Cobbler's Jinja2 does.
   */
  missing?: 'echo' | 'error';
  /** Time for `#import time`; without it that module cannot be imported. */
  now?: Date;
  /** Chance for `#import random`, from 0 up to 1; without it that module cannot be imported. */
  random?: () => number;
  /** Cobbler's setting default_template_type; used when the first line does not say `#template=…`. `cheetah` if left out. */
  defaultLanguage?: TemplateLanguage;
  limits?: Partial<Limits>;
}

export const TEMPLATE_LANGUAGES = ['cheetah', 'jinja2'] as const;
export type TemplateLanguage = (typeof TEMPLATE_LANGUAGES)[number];

/** Something a person should know although the template was rendered. */
export interface RenderWarning {
  template: string;
  line: number;
  sentence: string;
}
