import fc from 'fast-check';
import { maySayASecret, withoutSecrets } from '../../src/domain/secrets';

test.each([
  ['rootpw --iscrypted $6$saltsalt$0123456789abcdefghij', 'rootpw --iscrypted ***'],
  ['rootpw --plaintext hunter2', 'rootpw --plaintext ***'],
  ['rootpw hunter2', 'rootpw ***'],
  ['user --name=bob --password=hunter2 --plaintext', 'user --name=bob --password=*** --plaintext'],
  ['bootloader --location=mbr --password "hun ter2"', 'bootloader --location=mbr --password ***'],
  ['identity: {"username": "ubuntu", "password": "hunter2"}', 'identity: {"username": "ubuntu", "password": ***}'],
  ['b\'{\\"password\\": \\"hunter2\\"}\'', 'b\'{\\"password\\": ***}\''],
  ['url --url=http://bob:hunter2@mirror.example/el9', 'url --url=http://***@mirror.example/el9'],
  ['d-i passwd/root-password password hunter2', 'd-i passwd/root-password password ***'],
  ['GET /ks?token=hunter2&system=web1', 'GET /ks?token=***&system=web1'],
  ["Running... /bin/sh -c echo 'root:hunter2' | chpasswd", "Running... /bin/sh -c echo 'root:***' | chpasswd"],
  ['bcrypt $2b$12$0123456789012345678901', 'bcrypt ***'],
  ['yescrypt $y$j9T$abcdefghijkl$mnopqrstuvwxyz', 'yescrypt ***'],
])('%s is told without its secret', (line, told) => {
  expect(withoutSecrets(line)).toBe(told);
  expect(withoutSecrets(told)).toBe(told);
});

test.each([
  'Task started: Set root password (12/44)',
  'Running Thread: AnaTaskThread-SetRootPasswordTask-1 (1405)',
  'Installed: passwd-0.80-10.el9.x86_64 1600000000 0123456789abcdef',
  "WARNING **: Configuring 'user-setup-udeb' failed with error code 1",
  'GET http://mirror.example/el9/Packages/python3-tokenizers-1.el9.noarch.rpm',
  'chpasswd: (line 1) Authentication token manipulation error',
])('%s is told as it is', (line) => {
  expect(withoutSecrets(line)).toBe(line);
});

test('any text is read without harm, and a text that can change is found in the JSON around it', () => {
  const words = fc.constantFrom('password', '--', '=', ': ', '"', "'", '\\', '$6$', 'rootpw ', '://', '@', 'a', ' ');
  fc.assert(
    fc.property(fc.array(words, { maxLength: 400 }), (parts) => {
      const text = parts.join('');
      if (withoutSecrets(text) !== text) expect(maySayASecret(JSON.stringify({ text }))).toBe(true);
    }),
  );
});
