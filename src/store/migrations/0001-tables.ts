import type { Migration } from './migration.ts';

const environment = "environment text not null check (environment in ('sandbox', 'production'))";

/** The projection of the log, and what enforcement makes of it. */
export const tables: Migration = {
  name: 'tables',
  statements: [
    // How many entries of the log are in the tables.
    `create table log_position (
      log text primary key,
      size bigint not null check (size >= 0)
    )`,
    `create table standing (
      integration text primary key,
      document jsonb not null,
      log_index bigint not null
    )`,
    // What is registered now: an integration's rows are replaced with its standing.
    `create table access_key (
      ${environment},
      kind text not null check (kind in ('client', 'certificate')),
      value text not null,
      integration text not null,
      primary key (environment, kind, value)
    )`,
    'create index access_key_integration on access_key (integration)',
    // By what entries are found again.
    `create table mark (
      mark text primary key,
      log_index bigint not null
    )`,
    `create table transition (
      log_index bigint primary key,
      integration text not null,
      ${environment},
      edition text not null,
      state_from text not null,
      state_to text not null,
      event text not null,
      at timestamptz not null,
      document jsonb not null
    )`,
    'create index transition_integration on transition (integration, log_index)',
    // Whose standing changed since it was decided.
    `create table undecided (
      integration text not null,
      ${environment},
      since timestamptz not null default now(),
      log_index bigint not null,
      primary key (integration, environment)
    )`,
    `create table desired (
      integration text not null,
      ${environment},
      revision bigint not null check (revision > 0),
      access text not null check (access in ('open', 'closed')),
      document jsonb not null,
      decided timestamptz not null,
      primary key (integration, environment)
    )`,
    `create table delivery (
      connector text not null,
      integration text not null,
      ${environment},
      revision bigint not null check (revision > 0),
      state text not null check (state in ('due', 'done', 'failed')),
      attempts int not null default 0,
      due timestamptz not null,
      leased_until timestamptz,
      last_error text,
      applied timestamptz,
      observed text,
      observed_at timestamptz,
      primary key (connector, integration, environment)
    )`,
    "create index delivery_due on delivery (due) where state = 'due'",
    // What connectors remember between calls.
    `create table memory (
      connector text not null,
      key text not null,
      value jsonb not null,
      primary key (connector, key)
    )`,
    // Security Event Tokens that a stream's receiver has not acknowledged, and those it has.
    `create table signal (
      id bigserial primary key,
      stream text not null,
      jti text not null unique,
      event text not null,
      created timestamptz not null,
      acknowledged timestamptz
    )`,
    'create index signal_open on signal (stream, id) where acknowledged is null',
  ],
};
