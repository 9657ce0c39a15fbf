import { findDrops } from '../../src/syslog/kernel-drops';

// Linux 6.1, x86-64: /proc/net/udp with a socket on 127.0.0.1:5514 and one on 0.0.0.0:5514; udp6 with one on [::]:5514
// and one on [::1]:5514.
const UDP = `   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops            
  601: 00000000:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25841 2 0000000000000000 7         
  602: 0100007F:158A 00000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25842 2 0000000000000000 4021      
`;
const UDP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops
  601: 00000000000000000000000000000000:158A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25843 2 0000000000000000 3
  602: 00000000000000000000000001000000:158A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25844 2 0000000000000000 5
  603: B80D0120000000000000000001000000:158A 00000000000000000000000000000000:0000 07 00000000:00000000 00:00000000 00000000     0        0 25845 2 0000000000000000 6
`;

test.each([
  [UDP, '127.0.0.1', 5514, 4021],
  [UDP, '0.0.0.0', 5514, 7],
  [UDP, '127.0.0.1', 5515, null],
  [UDP6, '::', 5514, 3],
  [UDP6, '::1', 5514, 5],
  [UDP6, '2001:db8::1', 5514, 6],
  ['', '::', 5514, null],
])('the kernel counts what it threw away: table %#, %s port %d', (table, address, port, drops) => {
  expect(findDrops(table, address, port)).toBe(drops);
});
