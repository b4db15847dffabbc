import { vi } from 'vitest';

/** A request as the server would see it. */
export interface Seen {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
}

/** What a route answers: a status with a body, or just a body with 200. */
export interface Reply {
  status?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

type Route = (seen: Seen) => Reply | Promise<Reply>;

/** Replaces fetch by routes such as `GET api/v1/panels`; whatever has none is a lost connection. */
export function serve(routes: Record<string, Route>): Seen[] {
  const seen: Seen[] = [];
  vi.stubGlobal(
    'fetch',
    vi.fn(async (url: string, init: RequestInit = {}) => {
      const request: Seen = {
        method: init.method ?? 'GET',
        path: url.replace(/^\//, ''),
        headers: (init.headers ?? {}) as Record<string, string>,
        body: typeof init.body === 'string' ? JSON.parse(init.body) : undefined,
      };
      seen.push(request);
      const route = routes[`${request.method} ${request.path}`];
      if (!route) throw new TypeError('failed to fetch');
      const { status = 200, body, headers = {} } = await route(request);
      return new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
    }),
  );
  return seen;
}

/** A problem as the server writes it. */
export function problem(
  status: number,
  slug: string,
  extra: object = {},
  headers: Record<string, string> = {},
): Reply {
  return { status, headers, body: { type: `urn:dashboard:problem:${slug}`, title: slug, status, ...extra } };
}
