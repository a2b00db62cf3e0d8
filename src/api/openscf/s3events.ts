// Where other object stores post what happened in their buckets, with a token of their own.

import { refuse } from '../errors.ts';
import { equalTexts } from '../sign.ts';
import type { OpenscfRoute } from './routes.ts';
import { bearerOf } from './serve.ts';

export interface S3EventDeps {
  /** The setting s3.token. */
  readonly token: string | undefined;
  readonly inbox: {
    /** Resolves when the events are accepted for good. */
    take(body: unknown): Promise<unknown>;
    counts(): unknown;
  };
}

/** Stores post one event, or a few; none comes near. */
const BODY_BYTES = 1024 * 1024;

export function s3EventRoutes({ token, inbox }: S3EventDeps): readonly OpenscfRoute[] {
  const admit: OpenscfRoute['admit'] = ({ authorization = '' }, query) => {
    if (token === undefined) return refuse('S3TokenUnset');
    // Some send the header as it was given to them.
    const given = query.get('token') ?? bearerOf(authorization) ?? authorization;
    if (!equalTexts(given, token)) refuse('S3TokenWrong');
  };
  const path = '/s3-events';
  return [
    { method: 'POST', path, admit, bodyBytes: BODY_BYTES, handle: ({ body }) => inbox.take(body) },
    // MinIO asks whether anybody is there before it posts anything.
    { method: 'HEAD', path, admit, handle: () => ({}) },
    { method: 'GET', path, handle: () => inbox.counts() },
  ];
}
