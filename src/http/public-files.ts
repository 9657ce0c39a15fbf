import { createHash } from 'node:crypto';
import type { Answer } from './answer';
import type { HttpRequest, Route } from './server';
import { renderSnippet, type Snippets } from './snippets';

/** What the public files are made of. */
export interface PublicFilesDeps {
  snippets: Snippets;
  /** PUBLIC_URL; null, or one of this machine alone = the address each caller reached us by. */
  publicUrl: string | null;
  /** Where the server is for callers whose Host header is missing or strange; known once it listens. */
  ownUrl(): string;
  tls: boolean;
}

const PREFIX = '/cblr/pub';
/** Longest path and query that are looked at. */
const MAX_TARGET = 2_000;
/** Names of systems and profiles: what Cobbler allows, none of which means anything to a shell, in a URL or in YAML. */
const NAME = /^[A-Za-z0-9._:+-]{1,255}$/;
/** RFC 9110 §7.2: a name or an IPv4 address, or an IPv6 address in brackets, and a port. */
const HOST = /^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/**
 * The shipped snippets at `/cblr/pub/PATH`, as plain text, filled in for the caller; `/cblr/pub/` lists them. `system` and
 * `profile` in the query say whose install it is.
 */
export function createPublicFiles(deps: PublicFilesDeps): Route {
  return {
    prefix: PREFIX,
    async handle(request) {
      if (request.method === 'POST') return { ...text(405, '# only GET and HEAD'), headers: { Allow: 'GET, HEAD' } };
      const name = readName(request);
      if (name === null) return text(400, '# the path cannot be read');
      const query = new URLSearchParams(request.query);
      const system = query.get('system');
      const profile = query.get('profile');
      for (const [key, value] of [
        ['system', system],
        ['profile', profile],
      ] as const) {
        if (value !== null && !NAME.test(value)) {
          return text(400, `# ${key} must be a name: letters, digits and . _ : + - only, at most 255`);
        }
      }
      const body = renderSnippet(deps.snippets, name, { url: urlFor(deps, request), system, profile });
      if (body === null) return text(404, `# no such snippet; ${PREFIX}/ lists them`);
      return conditional(request, body, deps.snippets.changedAt);
    },
  };
}

/** Path below the prefix; null when it is too long or no UTF-8. */
function readName({ path, query }: HttpRequest): string | null {
  if (path.length + query.length > MAX_TARGET) return null;
  try {
    return decodeURIComponent(path.slice(PREFIX.length + 1)) || 'INDEX';
  } catch {
    return null;
  }
}

function urlFor({ publicUrl, ownUrl, tls }: PublicFilesDeps, request: HttpRequest): string {
  const host = request.headers.host ?? '';
  const url = `${tls ? 'https' : 'http'}://${host}`;
  const isAddress = HOST.test(host) && URL.canParse(url);
  if (publicUrl === null) return isAddress ? url : ownUrl();
  // A PUBLIC_URL for trials on one machine leads nowhere from another one.
  return isAddress && isLoopback(publicUrl) ? url : publicUrl.replace(/\/+$/, '');
}

function isLoopback(url: string): boolean {
  return /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(new URL(url).hostname);
}

/** 304 for who has it already. The tag is weak: the same text goes out compressed or not. */
function conditional(request: HttpRequest, body: string, changedAt: number): Answer {
  const etag = `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`;
  const headers = {
    ETag: etag,
    'Last-Modified': new Date(changedAt).toUTCString(),
    'Cache-Control': 'no-cache',
    'X-Content-Type-Options': 'nosniff',
  };
  return isKnown(request, etag, changedAt)
    ? { status: 304, headers, body: '' }
    : { status: 200, contentType: 'text/plain;charset=utf-8', headers, body };
}

/** RFC 9110 §13.2.2: a tag wins over a date. */
function isKnown({ headers }: HttpRequest, etag: string, changedAt: number): boolean {
  const tags = headers['if-none-match'];
  if (tags !== undefined) {
    return tags.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^(?!W\/)/, 'W/') === etag);
  }
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return since >= changedAt;
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain;charset=utf-8', body };
}
