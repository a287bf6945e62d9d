/** Options that several commands have, said once. */
export const json = { json: { type: 'boolean', default: false, describe: 'Print JSON' } } as const;

/** Where evidence goes and with what it is signed, of every command that hands some in. */
export const sinkOptions = {
  evidence: { type: 'string', describe: 'Evidence directory: the log and what it has, as plain files' },
  server: {
    type: 'string',
    describe: 'Base URL of a running server to hand evidence in at, instead of --evidence',
  },
  operator: {
    type: 'string',
    default: 'operator',
    describe: "The operator's directory: keys, verifiers.json, rules, policy",
  },
} as const;

/** Of commands that read the operator's directory or the evidence directory where it usually is. */
export const { operator } = sinkOptions;
export const evidence = { ...sinkOptions.evidence, default: 'evidence' } as const;
