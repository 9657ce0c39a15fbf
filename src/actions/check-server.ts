import type { SettingValues } from '../domain/item-value';
import type { Programs } from './run-program';

const LOCAL = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::', ''];

/** What an administrator should still do before machines are installed, one sentence each; empty when nothing. */
export async function checkServer(deps: { settings: SettingValues; programs: Programs }): Promise<string[]> {
  const { settings, programs } = deps;
  const findings: string[] = [];
  const isLocal = (name: string): boolean => LOCAL.includes(String(settings[name]));
  if (isLocal('server')) {
    findings.push(
      "The setting 'server' names this machine as only it knows itself: set it to a name or address under which the " +
        'machines to be installed reach this server.',
    );
  }
  for (const name of ['next_server_v4', 'next_server_v6']) {
    if (isLocal(name)) {
      findings.push(`The setting '${name}' is an address nobody else can reach: machines that boot by PXE need it.`);
    }
  }
  if (settings.default_password_crypted === '') {
    findings.push(
      "The setting 'default_password_crypted' is empty: templates that use it make machines without a root password. " +
        '`openssl passwd -6` makes one.',
    );
  }
  for (const name of ['manage_dhcp', 'manage_dhcp_v4', 'manage_dhcp_v6', 'manage_dns']) {
    if (settings[name] === true) findings.push(`The setting '${name}' is on, but this server does not do that.`);
  }
  if ((await programs.find('fence_ipmilan')) === null && (await programs.find('ipmitool')) === null) {
    findings.push('Neither fence agents nor ipmitool are installed: power cannot be switched.');
  }
  return findings;
}
