import { renderTemplate, TemplateError, TEMPLATE_LANGUAGES, type TemplateLanguage } from '../../src/templates';
import { DATA, readCases, readTemplates, SNIPPETS } from './cases';

const snippets = (name: string): string | null => (Object.hasOwn(SNIPPETS, name) ? SNIPPETS[name]! : null);

describe.each(TEMPLATE_LANGUAGES)('%s', (defaultLanguage: TemplateLanguage) => {
  test.each(readTemplates(defaultLanguage))('$name comes out byte for byte as the real one makes it', (template) => {
    const { text } = renderTemplate(template.source, { name: template.name, data: DATA, snippets, defaultLanguage });
    expect(text).toBe(template.expected);
  });

  const { data, cases } = readCases(defaultLanguage);
  const render = (source: string, missing: 'echo' | 'error'): string | TemplateError => {
    try {
      return renderTemplate(source, { name: 'case', data, missing, snippets, defaultLanguage }).text;
    } catch (error) {
      if (error instanceof TemplateError) return error;
      throw error;
    }
  };
  const otherwise = defaultLanguage === 'cheetah' ? 'error' : 'echo';
  const known = cases.filter((one) => one.differs === undefined);

  test('every case that the real one renders comes out the same', () => {
    const wrong = known.flatMap(({ source, missing, expected }) => {
      const ours = render(source, missing ?? otherwise);
      return expected === null || ours === expected ? [] : [{ source, expected, ours: String(ours) }];
    });
    expect(wrong).toEqual([]);
    expect(known.length).toBeGreaterThan(100);
  });

  test('every case that the real one refuses is refused', () => {
    const rendered = known.flatMap(({ source, missing, expected }) => {
      const ours = render(source, missing ?? otherwise);
      return expected !== null || ours instanceof TemplateError ? [] : [{ source, ours }];
    });
    expect(rendered).toEqual([]);
  });

  test('a difference that is no more is not kept in the list', () => {
    const gone = cases.filter(({ source, missing, expected, differs }) => {
      const ours = render(source, missing ?? otherwise);
      return differs !== undefined && (expected === null ? ours instanceof TemplateError : ours === expected);
    });
    expect(gone).toEqual([]);
  });
});
