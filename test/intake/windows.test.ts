import { explain } from './samples';
import type { LogVerdict } from '../../src/intake/log-verdict';

/** The verdict on lines of set-up: level, component, text. */
function read(...lines: (readonly [string, string, string])[]): LogVerdict {
  return explain([
    {
      name: 'setupact.log',
      lines: lines.map(([level, component, text], index) => {
        const head = `2025-07-22 21:55:${10 + index}, ${level.padEnd(22)}${component.padEnd(7)}${text}`;
        return index === 0 ? `\ufeff${head}` : head;
      }),
    },
  ]);
}

const change = (from: string, to: string): readonly [string, string, string] => [
  'Info',
  'MOUPG',
  `Setup phase change: [SetupPhase${from}] -> [SetupPhase${to}]`,
];

test.each([
  ['IBS', 'InstallWindows:Setup Phase = 2', 'bootstrap'],
  ['IBS', 'Callback_Productkey_Validate: Entry', 'config'],
  ['IBS', 'Callback_PrepareSystemVolume: Current Setup phase is 2', 'storage'],
  ['IBS', 'Callback_ImageTransfer:Successfully laid down the OS image', 'packages'],
  ['IBS', 'Callback_UpdateBootFiles:Successfully updated Windows boot files.', 'bootloader'],
  ['IBS', 'CallBack_FinalizeImage: entry', 'configure'],
  ['IBS', 'Callback_Specialize: Enter.', 'post'],
  ['', 'Callback_GatherDiskInfo: Entry: flags = [0x0]', null],
])('%s %s is the phase %s', (component, text, phase) => {
  expect(read(['Info', component, text])).toMatchObject({ phase, outcome: 'running' });
});

describe('an upgrade', () => {
  test('goes through its phases', () => {
    const lines = [change('DownLevel', 'Initialize'), change('Gather', 'CompatCheck'), change('Download', 'Install')];
    expect(read(...lines)).toMatchObject({ phase: 'packages', outcome: 'running', source: 'windows' });
    expect(read(...lines, change('Install', 'PostFinalize')).phase).toBe('configure');
  });

  test('that says 100 % of its preparations is far from complete', () => {
    const { percent, outcome } = read(change('Download', 'Install'), ['Info', 'MOUPG', 'Overall progress: [100%]']);
    expect([percent, outcome]).toEqual([74, 'running']);
    expect(read(change('Download', 'Install'), ['Info', 'MOUPG', 'Overall progress: [40%]']).percent).toBe(40);
  });

  test('that fails is told with the operation that did', () => {
    const { outcome, errors } = read(
      change('Download', 'Install'),
      ['Error', 'SP', 'Operation failed: Add [1] Driver Package: oem42.inf. Error: 0x80070002'],
      ['Error', 'MOUPG', 'CSetupManager::ExecuteInstallMode(1096): Result = 0xC190020E'],
      ['Error', 'MOUPG', 'CSetupHost::Execute(412): Result = 0xC190020E'],
      change('Install', 'Error'),
    );
    expect(outcome).toBe('failed');
    expect(errors[0]!.text).toContain('Operation failed: Add [1] Driver Package: oem42.inf');
  });
});

describe('a new install', () => {
  test.each([
    [
      'IBS',
      'Windows could not parse or process the unattend answer file for pass [specialize]. A component does not exist.',
      'post',
    ],
    ['SP', 'Sysprep specialize offline failed. Error: 0xC0000005', 'post'],
    [
      'SYSPRP',
      "ActionPlatform::LaunchModule: Failure occurred while executing 'Sysprep_Specialize_Shell' from C:\\Windows\\System32\\shsetup.dll; dwRet = 0x1f",
      'post',
    ],
    ['IBS', 'The provided unattend file [X:\\autounattend.xml] is not a valid unattended Setup answer file', 'config'],
  ])('ends by %s: %s', (component, text, phase) => {
    const { phase: reached, outcome, errors } = read(['Error', component, text]);
    expect([reached, outcome]).toEqual([phase, 'failed']);
    expect(errors[0]!.text).toContain(text.slice(0, 60));
  });

  test('is not ended by the errors of healthy ones, nor by those of the making of an image', () => {
    const { outcome, errors } = read(
      ['Info', 'IBS', 'InstallWindows:Setup Phase = 2'],
      ['Error', 'IBS', '[SetupCl library] Required profile hive does not exist: [\\??\\E:\\NTUSER.DAT].'],
      ['Info', 'IBSLIB', 'BFSVC: BCD Error: Failed to add system store from file.'],
      ['Error', 'CBS', 'Failed to open package'],
      [
        'Error',
        'SYSPRP',
        "ActionPlatform::LaunchModule: Failure occurred while executing 'SysprepGeneralize' from C:\\Windows\\System32\\AppxSysprep.dll; dwRet = 0x3cf2",
      ],
    );
    expect([outcome, errors]).toEqual(['running', []]);
  });

  test('is not in its last phase because the servicing stack went down before', () => {
    const down = ['Info', 'CBS', 'Trusted Installer signaled for shutdown, going to exit.'] as const;
    expect(read(['Info', 'IBS', 'Callback_ImageTransfer: x'], down).phase).toBe('packages');
    expect(read(['Info', 'IBS', 'Callback_Specialize: Enter.'], down).phase).toBe('finalize');
  });
});
