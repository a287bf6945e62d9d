import type { Environment } from '../certification/certification.ts';
import type { Action, Decision } from './decision.ts';

/** Who is asked about: an integration by its id, or by what it presents. */
export type Party =
  | { readonly kind: 'integration'; readonly value: string }
  /** A client_id. */
  | { readonly kind: 'client'; readonly value: string }
  /** SHA-256 thumbprint of a client certificate (x5t#S256, base64url). */
  | { readonly kind: 'certificate'; readonly value: string };

/** One question to the gate. */
export interface Question {
  readonly party: Party;
  readonly environment: Environment;
  readonly action: Action;
}

/** One decision point; its faces speak the protocols of those who ask. */
export interface Gate {
  /** Never rejects: what cannot be decided is denied, with the rule that says why. */
  ask(question: Question): Promise<Decision>;
}

/** Whether what was asked for goes through: in shadow mode everything does. */
export const passes = ({ decision, mode }: Decision): boolean => decision === 'allow' || mode === 'shadow';

/** An HTTP request as a face sees it; header names in lower case. */
export interface FaceRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** The body as text; empty where there is none. */
  readonly body: string;
}

/** What a face answers. */
export interface FaceReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** A protocol in which the gate can be asked. */
export type Face = (request: FaceRequest, gate: Gate) => Promise<FaceReply>;
