// The person's own account and layout, and the default layouts of roles, of the stand-in.
import { Problem, invalid } from './problem.mjs';

export function shellRoutes({ me, note }) {
  const own = { version: 0, items: null };
  const roles = new Map();

  const kept = (layout, source) => ({ source: layout.items ? source : 'default', items: layout.items ?? [] });
  const tag = (response, layout) => response.setHeader('ETag', `"${layout.version}"`);
  function change(layout, { request, response, body }, items) {
    const based = request.headers['if-match'];
    if (based && based !== `"${layout.version}"`)
      throw new Problem(412, 'changed-meanwhile', 'changed meanwhile');
    if (items && !Array.isArray(body.items))
      throw invalid([{ pointer: '/items', code: 'required', detail: 'is required' }]);
    layout.items = items;
    layout.version++;
    tag(response, layout);
  }
  function ofRole(name) {
    if (!roles.has(name)) roles.set(name, { version: 0, items: null });
    return roles.get(name);
  }

  return [
    [
      'PATCH',
      /^api\/v1\/auth\/me$/,
      ({ body }) => {
        if (!body.name?.trim())
          throw invalid([{ pointer: '/name', code: 'required', detail: 'is required' }]);
        me().name = body.name;
        note('account.renamed', me().email);
        return me();
      },
    ],
    [
      'GET',
      /^api\/v1\/auth\/me\/layout$/,
      ({ response }) => {
        tag(response, own);
        const role = roles.get('owner');
        return !own.items && role?.items ? { ...kept(role, 'role'), role: 'owner' } : kept(own, 'own');
      },
    ],
    [
      'PUT',
      /^api\/v1\/auth\/me\/layout$/,
      (given) => {
        change(own, given, given.body.items);
        return kept(own, 'own');
      },
    ],
    ['DELETE', /^api\/v1\/auth\/me\/layout$/, (given) => change(own, given, null)],
    [
      'GET',
      /^api\/v1\/roles\/([^/]+)\/layout$/,
      ({ match, response }) => {
        tag(response, ofRole(match[1]));
        return kept(ofRole(match[1]), 'role');
      },
    ],
    [
      'PUT',
      /^api\/v1\/roles\/([^/]+)\/layout$/,
      (given) => {
        change(ofRole(given.match[1]), given, given.body.items);
        note('role.layout', given.match[1]);
        return kept(ofRole(given.match[1]), 'role');
      },
    ],
    ['DELETE', /^api\/v1\/roles\/([^/]+)\/layout$/, (given) => change(ofRole(given.match[1]), given, null)],
  ];
}
