/** Throws as an RFC 9457 answer. */
export class Problem extends Error {
  constructor(status, slug, title, extra = {}, headers = {}) {
    super(title);
    Object.assign(this, { status, headers });
    this.body = { type: `urn:dashboard:problem:${slug}`, title, status, request_id: 'req-mock-1', ...extra };
  }
}

/** A refusal of values, with a problem for each field. */
export function invalid(errors) {
  return new Problem(422, 'invalid', 'invalid input', { errors });
}
