import { Type, type Static } from 'typebox';

const closed = { additionalProperties: false } as const;
const HeaderList = Type.Array(Type.Object({ name: Type.String(), value: Type.String() }, closed), {
  description: 'Names and values in the order of the wire, case kept, secrets redacted.',
});

/** One HTTP exchange as it went over the wire, redacted when it was recorded. */
export const Exchange = Type.Object(
  {
    id: Type.Integer({ description: 'Position in the check, from 1.' }),
    at: Type.String({ description: 'When the request was sent, ISO 8601 in UTC.' }),
    duration_ms: Type.Number(),
    purpose: Type.String({
      description: 'What the exchange was for, such as: pushed authorization request.',
    }),
    edits: Type.Array(Type.String(), {
      description: 'The named edits that made the request deviate; empty when valid.',
    }),
    request: Type.Object(
      {
        method: Type.String(),
        url: Type.String(),
        headers: HeaderList,
        body: Type.Optional(Type.String()),
        certificate: Type.Optional(
          Type.String({ description: 'SHA-256 thumbprint (base64url) of the client certificate.' }),
        ),
      },
      closed,
    ),
    response: Type.Optional(
      Type.Object(
        { status: Type.Integer(), headers: HeaderList, body: Type.Optional(Type.String()) },
        closed,
      ),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          protocol: Type.String(),
          cipher: Type.String(),
          certificate: Type.String({
            description: 'SHA-256 thumbprint (base64url) of the server certificate.',
          }),
        },
        closed,
      ),
    ),
    error: Type.Optional(
      Type.Object(
        { code: Type.String(), message: Type.String() },
        { ...closed, description: 'Why there is no response.' },
      ),
    ),
  },
  closed,
);
export type Exchange = Static<typeof Exchange>;
