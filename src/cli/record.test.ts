import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@playwright/test';
import { parseBundle, printBundle } from '../evidence/bundle.ts';
import { openLog } from '../evidence/log.ts';
import { readVerifiers } from '../evidence/signer.ts';
import { sampleResults } from '../report/sample.ts';
import { FlowError } from '../actors/flow-error.ts';
import { TransportError } from '../transport/error.ts';
import { attemptEvidence, changedParts, openRecorder } from './record.ts';
import {
  emptyWorkplace,
  operatorWorkplace,
  recordSample,
  sampleFingerprint,
  type Workplace,
} from './sample.ts';
import { openSink } from './sink.ts';

test.describe.configure({ mode: 'default' });

const sizeOf = async (place: Workplace): Promise<number> => {
  const { log } = await readVerifiers(place.path('operator/verifiers.json'));
  return (await openLog(place.path('evidence'), log)).size;
};

test.describe('the recorder', () => {
  test('names the parts of a subject that changed, and makes no evidence of it', async () => {
    const before = sampleFingerprint();
    const { metadata: _, ...without } = before;
    expect(changedParts(before, before)).toEqual([]);
    expect(changedParts(before, without)).toEqual(['metadata']);
    expect(changedParts(without, { ...before, keys: [] })).toEqual(['keys', 'metadata']);
    await using place = await operatorWorkplace();
    const notes: string[] = [];
    const io = { ...place.io, note: (text: string) => void notes.push(text) };
    const recorder = await openRecorder(io, { operator: 'operator', evidence: 'evidence', subjects: [] });
    const run = {
      results: sampleResults(),
      directory: place.directory,
      before,
      after: { ...before, keys: [] },
    };
    expect(await recorder.record(run)).toBe(3);
    await recorder.close();
    expect(notes).toEqual(['No evidence: keys changed while the checks ran. Run again.\n']);
    expect(await sizeOf(place)).toBe(0);
    await expect(place.read('evidence.json')).rejects.toThrow('ENOENT');
  });

  test('refuses an operator, or a log, before anything is run', async () => {
    await using place = await operatorWorkplace();
    const open = (more: object) => openRecorder(place.io, { operator: 'operator', subjects: [], ...more });
    await expect(open({ evidence: 'evidence', operator: 'none' })).rejects.toMatchObject({
      fault: 'configuration',
      message: expect.stringContaining('none/signing.yaml cannot be read'),
    });
    await expect(open({})).rejects.toThrow('expected --evidence DIR or --server URL');
    await writeFile(place.path('file'), '');
    await expect(open({ evidence: 'file' })).rejects.toMatchObject({ fault: 'environment' });
  });

  test('the same run twice is one, also in another envelope', async () => {
    await using place = await operatorWorkplace();
    await recordSample(place);
    const size = await sizeOf(place);
    // Other salts make it another statement.
    await expect(recordSample(place)).rejects.toMatchObject({ code: 'duplicate', fault: 'configuration' });
    expect(await sizeOf(place)).toBe(size);
  });

  for (const [fault, code] of [
    ['subject', 4],
    ['configuration', 2],
    ['environment', 3],
  ] as const)
    test(`a failure that is the fault of ${fault} ends with ${code}, and is told`, async () => {
      await using place = await emptyWorkplace();
      let said = '';
      const io = { ...place.io, note: (text: string) => void (said += text) };
      const step = () => Promise.reject(new FlowError('no-key', fault, 'something is not there'));
      expect(await attemptEvidence(io, step)).toEqual({ code });
      expect(said).toBe('No evidence: something is not there\n');
    });

  test('a defect of its own is no fault of others', async () => {
    await using place = await emptyWorkplace();
    await expect(attemptEvidence(place.io, () => Promise.reject(new TypeError('a defect')))).rejects.toThrow(
      'a defect',
    );
    const away = () => Promise.reject(new TransportError('timeout', 'no answer'));
    expect(await attemptEvidence(place.io, away)).toEqual({ code: 3 });
    expect(await attemptEvidence(place.io, () => Promise.resolve(7))).toEqual({ value: 7 });
  });
});

test.describe('assay submit', () => {
  test('hands in what nobody took, once, and leaves the proof in it', async () => {
    await using place = await operatorWorkplace();
    const { bundle } = await recordSample(place);
    const { proof: _, ...unproven } = parseBundle(await readFile(bundle, 'utf8'));
    await writeFile(place.path('late.json'), printBundle(unproven));
    await rm(place.path('evidence'), { recursive: true });
    await rm(place.path('operator/seen-checkpoint'));
    for (const attempt of [1, 2]) {
      const { code, output } = await place.say('submit', 'late.json', '--evidence', 'evidence');
      expect({ attempt, code }).toEqual({ attempt, code: 0 });
      expect(output).toMatch(/^Evidence [0-9a-f]{64}: entry 0 of the log; late\.json\n/u);
      // The second time it changes nothing any more.
      expect(output.split('\n').filter((line) => line.includes(' -> '))).toHaveLength(2 - attempt);
      expect(await place.say('verify', 'late.json')).toMatchObject({ code: 0 });
    }
  });

  test('names what it cannot read', async () => {
    await using place = await operatorWorkplace();
    await writeFile(place.path('broken.json'), '{}');
    for (const [file, says] of [
      ['none.json', 'expected a bundle of evidence in none.json, which cannot be read'],
      ['broken.json', 'broken.json: expected a bundle of evidence, but'],
    ] as const)
      expect(await place.say('submit', file, '--evidence', 'evidence')).toMatchObject({
        code: 2,
        output: '',
        notes: expect.stringContaining(says),
      });
  });
});

/** What a server answers, and the run that is handed in there. */
async function submitted(listener: RequestListener, place: Workplace) {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const { code, output, notes } = await place.say(
      'submit',
      'run.json',
      '--server',
      `http://127.0.0.1:${port}/`,
    );
    return { code, output, notes };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

test.describe('a server to hand evidence in at', () => {
  let place: Workplace;
  let settled: string;

  test.beforeAll(async () => {
    place = await operatorWorkplace();
    const { bundle } = await recordSample(place);
    await cp(bundle, place.path('run.json'));
    const { envelope } = parseBundle(await readFile(bundle, 'utf8'));
    const sink = await openSink(place.io, { operator: 'operator', evidence: 'evidence' });
    settled = JSON.stringify(await sink.settle(envelope));
    await sink.close();
  });

  test.afterAll(() => place[Symbol.asyncDispose]());

  const answering =
    (status: number, body: string): RequestListener =>
    (_, response) => {
      response.writeHead(status).end(body);
    };

  test('is believed when it proves that its log has it', async () => {
    let asked = '';
    const { code, output } = await submitted((request, response) => {
      asked = `${request.method} ${request.url} ${request.headers['content-type']}`;
      response.writeHead(200).end(settled);
    }, place);
    expect(code).toBe(0);
    expect(output).toContain('entry 0 of the log; run.json');
    expect(asked).toBe('POST /log/v1/statements application/vnd.dsse+json');
  });

  for (const [what, status, body, code, says] of [
    ['refuses', 422, '{"error":"key-not-entitled"}', 2, 'got 422: {"error":"key-not-entitled"}'],
    ['refuses with a trick', 422, 'no\u001B[2J', 2, 'got 422: no⟨U+001B⟩[2J'],
    ['leads elsewhere', 302, '', 2, 'got 302'],
    ['fails', 500, 'oops', 3, 'got 500: oops'],
    ['says nothing', 200, '', 3, 'got no JSON'],
    ['says something else', 200, '{"ok":true}', 3, 'what became of a statement'],
    ['claims without a proof', 200, 'NO-PROOF', 3, 'expected c2sp.org/tlog-proof@v1'],
    ['proves another entry', 200, 'OTHER-INDEX', 3, 'one that leads elsewhere'],
  ] as const)
    test(`that ${what} is not believed`, async () => {
      const text =
        body === 'NO-PROOF'
          ? settled.replace(/"proof":"[^"]*"/u, '"proof":"yes"')
          : body === 'OTHER-INDEX'
            ? settled.replace(/index 0/u, 'index 1')
            : body;
      const before = await place.read('run.json');
      const said = await submitted(answering(status, text), place);
      expect(said).toEqual({ code, output: '', notes: expect.stringContaining(says) });
      expect(await place.read('run.json')).toBe(before);
    });

  test('that is not there is a matter of the environment', async () => {
    const gone = createServer().listen(0, '127.0.0.1');
    await once(gone, 'listening');
    const { port } = gone.address() as AddressInfo;
    gone.close();
    await once(gone, 'close');
    const said = await place.say('submit', 'run.json', '--server', `http://127.0.0.1:${port}`);
    expect(said).toEqual({
      code: 3,
      output: '',
      notes: `http://127.0.0.1:${port}/log/v1/statements does not answer; start \`assay serve\`, or name another --server\n`,
    });
  });
});
