import { createHash } from 'node:crypto';
import type { CheckRecord } from './assemble.ts';
import type { Picture } from './results.ts';

/** A page that a check judged, as it looked. */
export interface KeptPicture {
  readonly title: string;
  readonly url: string;
  readonly type: 'png' | 'jpeg';
  readonly base64: string;
}

/** Contents of pictures by their paths within the directory of the run. */
export type PictureFiles = ReadonlyMap<string, Uint8Array>;

/** Name of the directory of pictures within the directory of the run. */
export const pictureDirectory = 'pictures';

const fileOf = (check: string, { type }: KeptPicture, index: number): string =>
  `${pictureDirectory}/${check.replaceAll(/[^\w-]+/gu, '.')}-${index + 1}.${type === 'png' ? 'png' : 'jpg'}`;

const bytesOf = ({ base64 }: KeptPicture): Buffer => Buffer.from(base64, 'base64');

/** What the result document says of the pictures of a check: where they are, and by which digest they are known. */
export const describePictures = (check: string, kept: readonly KeptPicture[]): Picture[] =>
  kept.map((picture, index) => ({
    file: fileOf(check, picture, index),
    sha256: createHash('sha256').update(bytesOf(picture)).digest('hex'),
    title: picture.title,
    url: picture.url,
  }));

/** The files of all pictures that checks left behind. */
export const pictureFiles = (checks: readonly CheckRecord[]): PictureFiles =>
  new Map(
    checks.flatMap(({ id, evidence }) =>
      (evidence?.pictures ?? []).map(
        (picture, index) => [fileOf(id, picture, index), bytesOf(picture)] as const,
      ),
    ),
  );
