import { AppError } from '../../src/domain/errors';
import { reportRun } from '../../src/domain/run-report';
import { createRunPage } from '../../src/http/run-page';
import { at, machine } from '../support/builders';

const web1 = machine();
web1.say('install-started', '10:00');
web1.say('install-failed', '10:20', { error: { text: 'No usable disks\u001b[2J' } });

const page = createRunPage({
  login: (user, password) =>
    user === 'cobbler' && password === 'right' ? Promise.resolve() : Promise.reject(new AppError('LOGIN_FAILED')),
  getRun: (runId) =>
    runId === '1'
      ? Promise.resolve(reportRun(web1.target.last!, at('10:30'), null))
      : Promise.reject(new AppError('UNKNOWN_RUN')),
  getLog: () => Promise.resolve(web1.log),
});

function get(path: string, credentials?: string) {
  const authorization = credentials && `Basic ${Buffer.from(credentials).toString('base64')}`;
  const headers = authorization ? { authorization } : {};
  return page.handle({ method: 'GET', path, query: '', headers, peer: '192.0.2.1', body: Buffer.alloc(0) });
}

test('the link in a message leads to the run and its log, for whoever can log in', async () => {
  const { status, body } = await get('/runs/1', 'cobbler:right');
  expect(status).toBe(200);
  expect(body).toMatch(/^Status +failed$/m);
  expect(body).toMatch(/10:20:00 UTC {2}fatal {2}No usable disks/);
  expect(body).toMatch(/install-started +update-status/);
});

test.each([undefined, 'cobbler:wrong', ':anything'])('nobody sees a run without a login (%s)', async (credentials) => {
  const { status, body, headers } = await get('/runs/1', credentials);
  expect(status).toBe(401);
  expect(headers).toHaveProperty('WWW-Authenticate');
  expect(body).not.toContain('No usable disks');
});

test('what a machine said cannot move the cursor of a terminal', async () => {
  expect((await get('/runs/1', 'cobbler:right')).body).not.toContain('\u001b');
});

test.each(['/runs/2', '/runs/', '/runs/../etc'])('a run that is not there is not found (%s)', async (path) => {
  expect((await get(path, 'cobbler:right')).status).toBe(404);
});
