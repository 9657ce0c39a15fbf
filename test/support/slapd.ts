import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { findFreePort } from './server';
import { until } from './until';

const SLAPD = '/usr/sbin/slapd';
const SASLAUTHD = '/usr/sbin/saslauthd';

/** True where OpenLDAP's server is installed (Debian: slapd). */
export const hasSlapd = existsSync(SLAPD);
/** True where saslauthd is installed too (Debian: sasl2-bin). */
export const hasSaslauthd = existsSync(SASLAUTHD);

/** A real directory with a few people in it, on ports of its own. */
export interface TestDirectory {
  port: number;
  ldapsPort: number;
  /** PEM file of the certificate, which is for localhost and 127.0.0.1 and its own authority. */
  caFile: string;
  folder: string;
  stop(): Promise<void>;
}

/** Who may search when nobody else may. */
export const SEARCHER = { dn: 'cn=searcher,dc=example,dc=org', password: 'search-pass' };

const PEOPLE = `
dn: dc=example,dc=org
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=searcher,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: searcher
userPassword: search-pass

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people

dn: ou=other,dc=example,dc=org
objectClass: organizationalUnit
ou: other
${[
  ['anna', 'ou=people', 'anna-pass'],
  ['cobbler', 'ou=people', 'directory-pass'],
  ['twin', 'ou=people', 'twin-pass'],
  ['twin', 'ou=other', 'twin-pass'],
  ['o\\*b(c)', 'ou=people', 'star-pass'],
]
  .map(
    ([uid, ou, password]) => `
dn: uid=${uid!.replace('\\*', '*')},${ou},dc=example,dc=org
objectClass: inetOrgPerson
uid: ${uid!.replace('\\*', '*')}
cn: ${uid}
sn: ${uid}
userPassword: ${password}
`,
  )
  .join('')}`;

/** Starts slapd as a process of its own, and stops it when asked or when the tests end. */
export async function startSlapd(): Promise<TestDirectory> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-slapd-'));
  const [port, ldapsPort] = [await findFreePort(), await findFreePort()];
  const [certFile, keyFile] = [path.join(folder, 'cert.pem'), path.join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'].concat(
      ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'],
      ['-keyout', keyFile, '-out', certFile],
    ),
    { stdio: 'ignore' },
  );
  await mkdir(path.join(folder, 'data'));
  const config = path.join(folder, 'slapd.conf');
  await writeFile(
    config,
    `${['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`).join('\n')}
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile ${folder}/slapd.pid
TLSCACertificateFile ${certFile}
TLSCertificateFile ${certFile}
TLSCertificateKeyFile ${keyFile}
database mdb
suffix "dc=example,dc=org"
directory ${folder}/data
maxsize 10485760
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="ou=other,dc=example,dc=org" by dn.exact="${SEARCHER.dn}" read by * none
access to * by * read
`,
  );
  await writeFile(path.join(folder, 'people.ldif'), PEOPLE);
  execFileSync('/usr/sbin/slapadd', ['-f', config, '-l', path.join(folder, 'people.ldif')], { stdio: 'pipe' });
  const urls = `ldap://127.0.0.1:${port} ldaps://127.0.0.1:${ldapsPort}`;
  const stop = await startProcess(SLAPD, ['-f', config, '-h', urls, '-d', '0'], () => connects(port));
  return {
    port,
    ldapsPort,
    caFile: certFile,
    folder,
    async stop() {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Starts a real saslauthd that asks the directory, as it would ask PAM; answers its socket. */
export async function startSaslauthd(directory: TestDirectory): Promise<{ socket: string; stop(): Promise<void> }> {
  const folder = path.join(directory.folder, 'sasl');
  await mkdir(folder);
  const config = path.join(folder, 'saslauthd.conf');
  await writeFile(
    config,
    `ldap_servers: ldap://127.0.0.1:${directory.port}\nldap_search_base: dc=example,dc=org\nldap_filter: uid=%u\n`,
  );
  const socket = path.join(folder, 'mux');
  const stop = await startProcess(SASLAUTHD, ['-a', 'ldap', '-O', config, '-m', folder, '-n', '1', '-d'], () =>
    connects(socket),
  );
  return { socket, stop };
}

/** True when somebody listens at a port of this machine or at a socket. */
function connects(where: number | string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = typeof where === 'number' ? net.connect(where, '127.0.0.1') : net.connect(where);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

async function startProcess(
  program: string,
  args: string[],
  isReady: () => Promise<boolean>,
): Promise<() => Promise<void>> {
  // In a group of its own: saslauthd ends its whole group with itself.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  alive.add(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exited = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  }).finally(() => alive.delete(child));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  };
  try {
    await until(`${program} listens`, async () => {
      if (!alive.has(child)) throw new Error(`${program} ended: ${output}`);
      return isReady();
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}
