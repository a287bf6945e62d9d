import type { LookupAddress } from 'node:dns';
import { expect, test } from '@playwright/test';
import { guardedLookup, isPublic, nth, permit } from './egress.ts';

const look = (lookup: ReturnType<typeof guardedLookup>) =>
  new Promise<string | LookupAddress[]>((resolve, reject) => {
    lookup('as.example', {}, (error, address) => (error ? reject(error) : resolve(address)));
  });
const ipv4 = (address: string): LookupAddress => ({ address, family: 4 });

test.describe('public addresses', () => {
  for (const address of ['93.184.216.34', '8.8.8.8', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:8.8.8.8'])
    test(`accepts ${address}`, () => {
      expect(isPublic(address)).toBe(true);
    });

  for (const [what, address] of Object.entries({
    loopback: '127.0.0.1',
    'all of loopback': '127.255.0.9',
    'IPv6 loopback': '::1',
    'mapped loopback': '::ffff:127.0.0.1',
    'mapped loopback in hexadecimal': '::ffff:7f00:1',
    unspecified: '0.0.0.0',
    'IPv6 unspecified': '::',
    'private 10': '10.1.2.3',
    'private 172': '172.16.0.1',
    'private 192': '192.168.1.1',
    'mapped private': '::ffff:10.0.0.1',
    'unique local': 'fd00:ec2::254',
    'link local': 'fe80::1',
    'the metadata service': '169.254.169.254',
    'the metadata service inside Azure': '168.63.129.16',
    'carrier-grade NAT': '100.64.0.1',
    multicast: '224.0.0.1',
    'IPv6 multicast': 'ff02::1',
    broadcast: '255.255.255.255',
    'an embedded private address (NAT64)': '64:ff9b::10.0.0.1',
    'an embedded private address (6to4)': '2002:0a00:0001::',
    'no address': 'example.com',
  }))
    test(`refuses ${what}: ${address}`, () => {
      expect(isPublic(address)).toBe(false);
    });
});

test.describe('declared hosts', () => {
  const hosts = ['as.example', 'rs.example:8443', '127.0.0.1', '[::1]:9000'];
  const allowed = { hosts, privateNetwork: 'allowed' } as const;
  const refused = { hosts, privateNetwork: 'refused' } as const;

  test('permits a host without a port on all ports, and one with a port on that one', () => {
    permit('as.example', 443, refused);
    permit('AS.example', 9443, refused);
    permit('rs.example', 8443, refused);
    permit('[::1]', 9000, allowed);
  });

  for (const [host, port] of [
    ['rs.example', 443],
    ['evil.example', 443],
    ['x.as.example', 443],
    ['as.example.', 443],
    ['as.example.evil.test', 443],
    ['[::1]', 443],
  ] as const)
    test(`refuses ${host}:${port}`, () => {
      expect(() => permit(host, port, allowed)).toThrow(
        expect.objectContaining({ code: 'host-not-declared' }),
      );
    });

  test('refuses a declared literal address that is private', () => {
    const refusal = expect.objectContaining({ code: 'private-address', fault: 'configuration' });
    expect(() => permit('127.0.0.1', 443, refused)).toThrow(refusal);
    expect(() => permit('[::1]', 9000, refused)).toThrow(refusal);
    permit('127.0.0.1', 443, allowed);
  });
});

test.describe('the lookup of a connection', () => {
  test('judges each answer, so a name cannot be moved to a private address', async () => {
    const answers = [[ipv4('93.184.216.34')], [ipv4('127.0.0.1')]];
    const lookup = guardedLookup('refused', async () => answers.shift() ?? []);
    expect(await look(lookup)).toBe('93.184.216.34');
    await expect(look(lookup)).rejects.toMatchObject({ code: 'private-address' });
  });

  test('refuses a name with a public and a private address', async () => {
    const lookup = guardedLookup('refused', async () => [ipv4('93.184.216.34'), ipv4('10.0.0.1')]);
    await expect(look(lookup)).rejects.toMatchObject({ code: 'private-address' });
  });

  test('says that a name without an address is unresolved', async () => {
    await expect(look(guardedLookup('refused', async () => []))).rejects.toMatchObject({
      code: 'unresolved',
    });
  });
});

test('each address of a name can be picked, in whatever order they come', async () => {
  const addresses: LookupAddress[] = ['192.0.2.1', '192.0.2.2', '2001:db8::1'].map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }));
  const turning = async () => {
    addresses.push(...addresses.splice(0, 1));
    return addresses;
  };
  const picked = await Promise.all([0, 1, 2, 3].map((at) => nth(at, turning)('host.example')));
  expect(picked.flat().map(({ address }) => address)).toEqual([
    '192.0.2.1',
    '192.0.2.2',
    '2001:db8::1',
    '192.0.2.1',
  ]);
  expect(await nth(1, async () => [])('host.example')).toEqual([]);
});
