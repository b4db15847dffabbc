import { createRootRoute, createRoute, createRouter, Outlet } from '@tanstack/react-router';
import { config } from './config';
import { lazyPart } from './lazy';
import { Boundary } from './parts/boundary';
import { Toasts } from './parts/toast';
import { departed } from './shell/arrival';
import { Lost } from './shell/lost';
import { Shell } from './shell/shell';

const root = createRootRoute({
  component: () => (
    <Boundary>
      <Outlet />
      <Toasts />
    </Boundary>
  ),
  notFoundComponent: Lost,
});

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  component: lazyPart(() => import('./screens/login'), 'Login'),
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search['next'] === 'string' ? { next: search['next'] } : {},
});

const setup = createRoute({
  getParentRoute: () => root,
  path: '/setup',
  component: lazyPart(() => import('./screens/setup'), 'Setup'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyPart(() => import('./screens/overview'), 'Overview'),
});

const modulePage = lazyPart(() => import('./screens/module-page'), 'ModulePage');

const moduleHome = createRoute({ getParentRoute: () => shell, path: '/m/$id', component: modulePage });

// What is below a module's page belongs to its own script.
const moduleInside = createRoute({ getParentRoute: () => shell, path: '/m/$id/$', component: modulePage });

const modules = createRoute({
  getParentRoute: () => shell,
  path: '/modules',
  component: lazyPart(() => import('./screens/modules'), 'Modules'),
});

const moduleDetail = createRoute({
  getParentRoute: () => shell,
  path: '/modules/$id',
  component: lazyPart(() => import('./screens/module-detail'), 'ModuleDetail'),
});

const moduleSettings = createRoute({
  getParentRoute: () => shell,
  path: '/modules/$id/settings',
  component: lazyPart(() => import('./screens/module-settings'), 'ModuleSettings'),
});

const sessions = createRoute({
  getParentRoute: () => shell,
  path: '/account/sessions',
  component: lazyPart(() => import('./screens/sessions'), 'Sessions'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  component: lazyPart(() => import('./screens/audit'), 'Audit'),
});

const inside = createRoute({ getParentRoute: () => shell, path: '/$', component: Lost });

const tree = root.addChildren([
  login,
  setup,
  shell.addChildren([
    overview,
    moduleHome,
    moduleInside,
    modules,
    moduleDetail,
    moduleSettings,
    sessions,
    audit,
    inside,
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
