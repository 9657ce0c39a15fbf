import type { Rpc } from '../support/rpc';
import type { TestServer } from '../support/server';
import { claim, run, type Checks, type Ran } from './harness';

/** What a `%pre` or `%post` has: curl and a text. */
export async function checkCurl(checks: Checks, server: TestServer, rpc: Rpc, token: string): Promise<void> {
  const { check } = checks;
  const bounded = ['--silent', '--show-error', '--max-time', '20'];
  const post = (body: string, path = '/cobbler_api'): Promise<Ran> =>
    run('curl', [...bounded, '--header', 'Content-Type: text/xml', '--data-binary', body, `${server.url}${path}`]);
  const get = (path: string): Promise<Ran> => run('curl', [...bounded, '--fail', `${server.url}${path}`]);
  const status = (name: string) => rpc<Record<string, unknown>>('get_status', name, token);

  await check('curl reports a start with raw XML, as a %pre would', async () => {
    const ran = await post(
      '<?xml version="1.0"?><methodCall><methodName>update_status</methodName><params>' +
        '<param><value>db1</value></param><param><value><struct>' +
        '<member><name>state</name><value>started</value></member>' +
        '<member><name>message</name><value><string>%pre runs</string></value></member>' +
        '</struct></value></param></params></methodCall>',
    );
    claim(ran.code === 0 && ran.output.includes('<methodResponse>'), `exit code ${ran.code}`, ran.output);
    claim(!ran.output.includes('<fault>'), 'a fault', ran.output);
    const now = await status('db1');
    claim(now['status'] === 'installing' && now['phase'] === 'config', 'the run is not installing', now);
  });

  await check('curl reports progress with the line ends and types other languages send', async () => {
    const ran = await post(
      '<?xml version="1.0" encoding="UTF-8"?>\r\n<methodCall>\r\n<methodName>update_status</methodName>\r\n<params>\r\n' +
        '<param>\r\n<value><string>db1</string></value>\r\n</param>\r\n<param>\r\n<value><struct>\r\n' +
        '<member><name>phase</name><value><string>packages</string></value></member>\r\n' +
        '<member><name>percent</name><value><i4>42</i4></value></member>\r\n' +
        '</struct></value>\r\n</param>\r\n<param><value><nil/></value></param></params>\r\n</methodCall>\r\n',
      '/RPC2',
    );
    claim(!ran.output.includes('<fault>'), 'a fault', ran.output);
    const now = await status('db1');
    claim(now['phase'] === 'packages' && now['percent'] === 42, 'progress was not taken', now);
  });

  await check('curl reports the end with run_install_triggers, as a %post would', async () => {
    const ran = await post(
      "<?xml version='1.0'?><methodCall><methodName>run_install_triggers</methodName><params>" +
        ['post', 'system', 'db1', '10.30.0.2']
          .map((word) => `<param><value><string>${word}</string></value></param>`)
          .join('') +
        '</params></methodCall>',
    );
    claim(/<boolean>1<\/boolean>/.test(ran.output), 'not true', ran.output);
    const now = await status('db1');
    claim(now['status'] === 'finished' && now['percent'] === 100, 'the run is not finished', now);
    const table = await rpc<Record<string, unknown[]>>('get_status', 'normal', token);
    claim(table['10.30.0.2']?.[2] === 'system:db1', "Cobbler's table lacks the address the trigger named", table);
  });

  await check('curl calls /cblr/svc/op/trig before and after, and nopxe', async () => {
    const before = await get('/cblr/svc/op/trig/mode/pre/system/web1');
    claim(before.code === 0 && before.output.trim() === 'True', `exit code ${before.code}`, before.output);
    const started = await status('web1');
    claim(started['status'] === 'installing', 'the run is not installing', started);

    const nopxe = await get('/cblr/svc/op/nopxe/system/web1');
    claim(nopxe.code === 0 && nopxe.output.trim() === 'True', `exit code ${nopxe.code}`, nopxe.output);
    const system = await rpc<Record<string, unknown>>('get_system', 'web1', false, false, token);
    claim(system['netboot_enabled'] === false, 'netboot is still on', system);

    const after = await get('/cblr/svc/op/trig/mode/post/system/web1');
    claim(after.code === 0 && after.output.trim() === 'True', `exit code ${after.code}`, after.output);
    const ended = await status('web1');
    claim(
      ended['status'] === 'finished' && ended['run_id'] === started['run_id'],
      'not finished, or not that run',
      ended,
    );
  });

  await check('curl, called as the stock snippets call it, does not fail for a system nobody has', async () => {
    for (const path of ['/cblr/svc/op/trig/mode/pre/system/nobody', '/cblr/svc/op/nopxe/system/nobody']) {
      const ran = await run('curl', ['--silent', '--max-time', '20', `${server.url}${path}`, '--output', '/dev/null']);
      claim(ran.code === 0, `exit code ${ran.code} for ${path}`, ran.output);
    }
  });

  await check('curl reports by /v1/status and sends a log by /v1/log, as any script can', async () => {
    const plain = [...bounded, '--fail-with-body'];
    const started = await run('curl', [...plain, '-d', 'state=started', `${server.url}/v1/status/db1`]);
    claim(started.code === 0 && started.output.includes('"status":"installing"'), 'not started', started.output);
    const percent = ['-d', 'percent=40', '--data-urlencode', 'message=50 % of /dev/sda & more'];
    const told = await run('curl', [...plain, ...percent, `${server.url}/v1/status/db1`]);
    claim(told.output.includes('"message":"50 % of /dev/sda & more"'), 'the message is another', told.output);
    const sent = await run('curl', [...plain, '-T', __filename, `${server.url}/v1/log/db1/curl.ts`]);
    claim(sent.code === 0 && /"bytes":\d{4,}/.test(sent.output), 'not taken', sent.output);
    const ended = await run('curl', [...plain, '-d', 'state=finished', `${server.url}/v1/status/db1`]);
    claim(ended.output.includes('"status":"finished"'), 'not finished', ended.output);
    const refused = await run('curl', [...plain, '-d', 'percent=140', `${server.url}/v1/status/db1`]);
    claim(refused.code === 22 && refused.output.includes('0 to 100'), 'not refused in words', refused.output);
  });

  await check('curl gets gzip when it asks for it', async () => {
    const call = '<?xml version="1.0"?><methodCall><methodName>system.listMethods</methodName><params/></methodCall>';
    const plain = await post(call);
    const packed = await run('curl', [
      ...bounded,
      '--compressed',
      '--data-binary',
      call,
      '--dump-header',
      '-',
      `${server.url}/`,
    ]);
    claim(/content-encoding: gzip/i.test(packed.output), 'not compressed', packed.output);
    claim(packed.output.endsWith(plain.output), 'unpacked it is another answer', packed.output);
  });
}
