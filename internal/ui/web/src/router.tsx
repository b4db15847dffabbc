import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { config } from './config';
import { lazyPart } from './lazy';
import { Boundary } from './parts/boundary';
import { departed } from './shell/arrival';
import { Shell } from './shell/shell';

const Lost = lazyPart(() => import('./shell/lost'), 'Lost', { core: true });

const root = createRootRoute({
  component: () => (
    <Boundary>
      <Outlet />
    </Boundary>
  ),
  notFoundComponent: Lost,
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyPart(() => import('./screens/login'), 'Login', { core: true }),
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search['next'] === 'string' ? { next: search['next'] } : {},
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyPart(() => import('./screens/setup'), 'Setup'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

/** A screen inside the frame, loaded on need. */
function screen<const Path extends string>(path: Path, load: () => Promise<unknown>, name: string) {
  return createRoute({ getParentRoute: () => shell, path, component: lazyPart(load, name) });
}

const modulePage = () => import('./screens/module-page');
const users = () => import('./screens/users');
const roles = () => import('./screens/roles');
const resource = () => import('./screens/resource-screen');

// Every component in every state, for whoever works on them; no build has it.
const development = import.meta.env.DEV
  ? [
      createRoute({
        getParentRoute: () => root,
        path: '/dev/gallery',
        component: lazyPart(() => import('./screens/gallery'), 'Gallery'),
      }),
    ]
  : [];

const tree = root.addChildren([
  login,
  setup,
  ...development,
  shell.addChildren([
    screen('/', () => import('./screens/overview'), 'Overview'),
    screen('/m/$id', modulePage, 'ModulePage'),
    screen('/m/$id/r/$resource', resource, 'ResourceList'),
    screen('/m/$id/r/$resource/$key', resource, 'ResourceItem'),
    // What else is below a module's page belongs to its own script.
    screen('/m/$id/$', modulePage, 'ModulePage'),
    screen('/modules', () => import('./screens/modules'), 'Modules'),
    screen('/modules/$id', () => import('./screens/module-detail'), 'ModuleDetail'),
    screen('/modules/$id/settings', () => import('./screens/module-settings'), 'ModuleSettings'),
    screen('/users', users, 'Users'),
    screen('/users/$id', users, 'User'),
    screen('/roles', roles, 'Roles'),
    screen('/roles/$name', roles, 'Role'),
    screen('/account', () => import('./screens/account'), 'Account'),
    screen('/account/sessions', () => import('./screens/sessions'), 'Sessions'),
    screen('/account/keys', () => import('./screens/keys'), 'Keys'),
    // With its slash it is the list; without, the empty key of a flag would go before it.
    screen('/flags/', () => import('./screens/flags'), 'Flags'),
    // A flag's key may hold slashes.
    screen('/flags/$', () => import('./screens/flag'), 'Flag'),
    screen('/ai', () => import('./screens/ai'), 'Gateway'),
    screen('/ai/requests', () => import('./screens/ai-requests'), 'ModelRequests'),
    screen('/ai/budgets', () => import('./screens/ai-budgets'), 'Budgets'),
    screen('/ai/prompts', () => import('./screens/ai-prompts'), 'Prompts'),
    screen('/ai/prompts/$name', () => import('./screens/ai-prompt'), 'Prompt'),
    screen('/ai/feedback', () => import('./screens/ai-feedback'), 'Feedback'),
    screen('/ai/try', () => import('./screens/ai-try'), 'Playground'),
    screen('/audit', () => import('./screens/audit'), 'Audit'),
    screen('/system', () => import('./screens/system'), 'System'),
    screen('/system/logs', () => import('./screens/system-logs'), 'SystemLogs'),
    screen('/system/jobs', () => import('./screens/system-jobs'), 'SystemJobs'),
    screen('/system/limits', () => import('./screens/system-limits'), 'SystemLimits'),
    screen('/system/api', () => import('./screens/system-api'), 'SystemAPI'),
    createRoute({ getParentRoute: () => shell, path: '/$', component: Lost }),
  ]),
]);

/** Makes the router of this mount. */
export function createAppRouter() {
  const router = createRouter({
    routeTree: tree,
    basepath: config.base,
    defaultPreload: 'intent',
    scrollRestoration: true,
  });
  router.subscribe('onBeforeNavigate', (event) => {
    if (event.pathChanged && event.fromLocation) departed();
  });
  return router;
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
