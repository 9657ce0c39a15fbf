/** Everything the environment says, read once, frozen. Durations in milliseconds. */
export interface Config {
  host: string;
  port: number;
  /** Where people and installers reach the server; null = derived from host and port. No trailing slash. */
  publicUrl: string | null;
  dataDir: string;
  databaseUrl: string | null;
  logDir: string;
  logLevel: 'error' | 'warn' | 'info' | 'debug';
  adminUser: string;
  /** null = generate one and keep it in DATA_DIR/admin-password. */
  adminPassword: string | null;
  settingsFile: string | null;
  smtpUrl: string | null;
  mailFrom: string;
  twilio: { accountSid: string; authToken: string; from: string; apiUrl: string | null } | null;
  notifyEmail: string[];
  notifySms: string[];
  intakePolicy: 'known' | 'open' | 'token';
  /** CIDR texts; the word `loopback` stands for 127.0.0.0/8 and ::1. */
  trustedNetworks: string[];
  /** One no-progress limit for all phases; null = by phase. */
  stallAfterMs: number | null;
  giveUpAfterMs: number;
  groupWaitMs: number;
  tls: { cert: string; key: string } | null;
}
