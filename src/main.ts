import { createApp, type App } from './app';
import { configWarnings, ConfigError, loadConfig, type Config } from './config';

/** Longest time an orderly stop may take before the process ends all the same. */
const STOP_MS = 15_000;

/** Server entry: settings, start, and an orderly stop at the first SIGTERM or SIGINT; a second one ends at once. */
async function main(): Promise<void> {
  const config = loadConfig();
  for (const warning of configWarnings(config)) process.stderr.write(`${warning}\n`);
  const app = await createApp(config);
  stopOnSignal(app);
  const { urls, syslogPort } = await app.start();
  process.stdout.write(greeting(config, app, urls, syslogPort));
}

function greeting(config: Config, app: App, urls: readonly string[], syslogPort: number | null): string {
  const url = urls[0] ?? '';
  const lines = [
    `Kickwatch listens on ${urls.join(', ')}`,
    `  XML-RPC        ${url}/cobbler_api`,
    ...(syslogPort === null ? [] : [`  syslog         ${config.syslog.host}:${syslogPort}, UDP and TCP`]),
    `  administrator  ${config.adminUser}`,
  ];
  if (app.generatedPassword !== null) {
    lines.push(`  password       ${app.generatedPassword}   (shown once; kept in ${config.dataDir}/admin-password)`);
  }
  lines.push(
    `  first runs     npx kickwatch simulate --systems 10 --register${url.endsWith(':25151') ? '' : ` --url ${url}`}`,
  );
  return `${lines.join('\n')}\n`;
}

function stopOnSignal(app: App): void {
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stopping) process.exit(1);
      stopping = true;
      setTimeout(() => process.exit(1), STOP_MS).unref();
      app.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          process.stderr.write(`Kickwatch did not stop in order: ${String(error)}\n`);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  const sentence = error instanceof ConfigError ? error.message : `Kickwatch cannot start: ${sentenceOf(error)}`;
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
});

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
