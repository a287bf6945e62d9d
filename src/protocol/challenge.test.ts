import { expect, test } from '@playwright/test';
import { parseChallenges } from './challenge.ts';

const plain = (field: string) =>
  parseChallenges(field)?.map(({ scheme, token68, parameters }) => [
    scheme,
    ...(token68 === undefined ? [] : [token68]),
    Object.fromEntries(parameters),
  ]);

test('reads the challenges of a field', () => {
  const rows: readonly (readonly [string, unknown])[] = [
    ['Bearer', [['Bearer', {}]]],
    ['DPoP algs="ES256 PS256"', [['DPoP', { algs: 'ES256 PS256' }]]],
    [
      'Bearer error="invalid_token", error_description="a \\"b\\", c"',
      [['Bearer', { error: 'invalid_token', error_description: 'a "b", c' }]],
    ],
    [
      'DPoP algs="ES256", Bearer',
      [
        ['DPoP', { algs: 'ES256' }],
        ['Bearer', {}],
      ],
    ],
    [
      'Basic realm=x, DPoP error = invalid_token ,Bearer scope="a b"',
      [
        ['Basic', { realm: 'x' }],
        ['DPoP', { error: 'invalid_token' }],
        ['Bearer', { scope: 'a b' }],
      ],
    ],
    [
      'Negotiate YQ==, Bearer',
      [
        ['Negotiate', 'YQ==', {}],
        ['Bearer', {}],
      ],
    ],
    [', ,Bearer , ', [['Bearer', {}]]],
    ['Bearer REALM=""', [['Bearer', { realm: '' }]]],
    [
      'Basic , Bearer',
      [
        ['Basic', {}],
        ['Bearer', {}],
      ],
    ],
    ['Bearer error=', [['Bearer', 'error=', {}]]],
    ['', []],
  ];
  for (const [field, expected] of rows) expect(plain(field), field).toEqual(expected);
});

test('takes nothing that breaks the grammar', () => {
  for (const field of [
    'Bearer error="invalid_token" error_description="no comma"',
    'Bearer error="invalid_token',
    'Bearer error="a", error="b"',
    'Bearer error="a", ERROR="b"',
    'Bearer error=, a=b',
    'error="invalid_token"',
    'Bearer {"error":"invalid_token"}',
    'Bearer: error="invalid_token"',
    'Bearer error=a b',
    'Negotiate YQ==, error="x"',
    'Bearer error="a\u0000"',
  ])
    expect(parseChallenges(field), field).toBeUndefined();
});
