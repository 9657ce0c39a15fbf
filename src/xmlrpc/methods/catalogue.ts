import { bootLoadersFor, CATALOGUE_ARCHES, factsOf, OS_VERSIONS } from '../../domain/os-catalogue';
import { defineMethod, type Method } from '../method';
import { struct, type Struct, type XmlRpcValue } from '../value';
import { ANY_TOKEN } from './item-methods';

const sorted = (names: Iterable<string>): string[] => [...names].sort();

/** What there is of breeds, versions and architectures. */
export function catalogueMethods(): Method[] {
  const list = (name: string, summary: string, read: () => string[]): Method =>
    defineMethod({
      name,
      params: [ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'array',
      summary,
      run: () => Promise.resolve(read()),
    });
  return [
    list('get_valid_breeds', 'Breeds of operating systems, sorted.', () => sorted(Object.keys(OS_VERSIONS))),
    list('get_valid_os_versions', 'Versions of operating systems of all breeds, sorted.', () =>
      sorted(new Set(Object.values(OS_VERSIONS).flat())),
    ),
    list('get_valid_archs', 'Architectures of the catalogue, sorted.', () => sorted(CATALOGUE_ARCHES)),
    defineMethod({
      name: 'get_valid_os_versions_for_breed',
      params: [{ name: 'breed', type: 'string' }, ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'array',
      summary: 'Versions of the operating systems of a breed, sorted; none for an unknown breed.',
      run: ([breed]) => Promise.resolve(isBreed(breed) ? sorted(OS_VERSIONS[breed]!) : []),
    }),
    defineMethod({
      name: 'get_signatures',
      params: [ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'struct',
      summary: 'The catalogue of operating systems: breeds → breed → version → what is known of it.',
      run: () => Promise.resolve(struct({ breeds: signatures() })),
    }),
  ];
}

function isBreed(value: XmlRpcValue | undefined): value is string {
  return typeof value === 'string' && Object.hasOwn(OS_VERSIONS, value);
}

function signatures(): Struct {
  const breeds = struct();
  for (const [breed, versions] of Object.entries(OS_VERSIONS)) {
    const known = struct();
    for (const version of versions) known[version] = signature(breed, version);
    breeds[breed] = known;
  }
  return breeds;
}

/** All keys Cobbler has. How media are recognised is not data here but part of the import: those keys are empty. */
function signature(breed: string, version: string): Struct {
  const { arches, repoBreeds } = factsOf(breed, version);
  const loaders = struct();
  for (const arch of arches) loaders[arch] = bootLoadersFor(arch);
  return struct({
    signatures: [],
    version_file: '',
    version_file_regex: '~',
    kernel_arch: '',
    kernel_arch_regex: '~',
    supported_arches: [...arches],
    supported_repo_breeds: [...repoBreeds],
    kernel_file: '',
    initrd_file: '',
    isolinux_ok: false,
    default_autoinstall: '',
    kernel_options: '',
    kernel_options_post: '',
    boot_files: [],
    boot_loaders: loaders,
    template_files: '',
  });
}
