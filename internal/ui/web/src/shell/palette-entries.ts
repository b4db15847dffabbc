import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useMay } from '../api/may';
import { modulesQuery, panelsQuery } from '../api/module-queries';
import { myModulesQuery } from '../api/queries';
import type { Module, Operation } from '../api/types';
import { layoutQuery } from '../layout/queries';
import { locale, locales, type Locale } from '../locale';
import { actions } from '../modules/actions';
import { resourcesQuery } from '../resource/links';
import { t } from '../strings';
import { setTheme, theme, type Theme } from '../theme';
import { changeLocale } from './change-locale';
import { showPanel } from './palette-jump';
import { askToOpen, type Opening } from './palette-opening';
import { signOut } from './sign-out';

/** Something the palette offers. */
export interface Entry {
  id: string;
  title: string;
  kind: string;
  /** Tells apart what has the same title. */
  about?: string | undefined;
  run: () => void;
}

const themes: Theme[] = ['auto', 'light', 'dark'];

/** What the person may go to and do. `onAct` asks for a module's action, which has a dialog of its own. */
export function useEntries(onAct: (module: Module, op: Operation) => void): Entry[] {
  return [
    ...useScreens(),
    ...useModules(),
    ...usePanels(),
    ...useCreating(),
    ...useActing(onAct),
    ...useSelf(),
  ];
}

function useGo() {
  const navigate = useNavigate();
  return (kind: string, to: string, title: string, then?: () => void): Entry => ({
    id: `${kind} ${to} ${title}`,
    title,
    kind,
    run: () => {
      // Who is led to a part of the page must not be taken to its top.
      void navigate({ to, resetScroll: !then });
      then?.();
    },
  });
}

function useScreens(): Entry[] {
  const go = useGo();
  const mayUsers = useMay('users.read');
  const maySystem = useMay('system.read');
  const mayModels = useMay('ai.read');
  const screens: [to: string, title: string, may: boolean][] = [
    ['/', t('overview'), true],
    ['/modules', t('nav.modules'), useMay('modules.read')],
    ['/users', t('nav.users'), mayUsers],
    ['/roles', t('nav.roles'), mayUsers],
    ['/flags', t('nav.flags'), useMay('flags.read')],
    ['/ai', t('nav.ai'), mayModels],
    ['/ai/requests', t('ai.requests'), mayModels],
    ['/ai/budgets', t('ai.budgets'), mayModels],
    ['/ai/prompts', t('ai.prompts'), mayModels],
    ['/ai/feedback', t('ai.feedback'), mayModels],
    ['/ai/try', t('ai.try'), useMay('ai.use')],
    ['/audit', t('audit'), useMay('audit.read')],
    ['/system', t('nav.system'), maySystem],
    ['/system/logs', t('logs'), maySystem],
    ['/system/jobs', t('jobs'), maySystem],
    ['/system/limits', t('limits'), useMay('limits.read')],
    ['/system/api', t('docs'), useMay('api.read')],
    ['/account', t('user.label'), true],
    ['/account/sessions', t('sessions'), true],
    ['/account/keys', t('keys.title'), true],
  ];
  return screens.filter(([, , may]) => may).map(([to, title]) => go(t('find.screen'), to, title));
}

function useModules(): Entry[] {
  const go = useGo();
  const modules = useQuery(myModulesQuery).data ?? [];
  const resources = useQuery(resourcesQuery).data ?? [];
  const titles = new Map(modules.map((module) => [module.id, module.title]));
  return [
    ...modules.map((module) => go(t('find.module'), `/m/${module.id}`, module.title)),
    ...modules
      .filter((module) => module.settings)
      .map((module) =>
        go(t('find.screen'), `/modules/${module.id}/settings`, t('find.settings', { title: module.title })),
      ),
    ...resources
      .filter((resource) => titles.has(resource.module))
      .map((resource) => ({
        ...go(t('find.table'), `/m/${resource.module}/r/${resource.name}`, resource.title),
        about: titles.get(resource.module),
      })),
  ];
}

function usePanels(): Entry[] {
  const go = useGo();
  const panels = useQuery(panelsQuery).data ?? [];
  const modules = useQuery(myModulesQuery).data ?? [];
  const items = useQuery(layoutQuery).data?.items ?? [];
  const hidden = new Set(items.filter((item) => item.hidden).map((item) => `${item.module}/${item.panel}`));
  return panels.map((panel) => {
    const key = `${panel.module}/${panel.id}`;
    // What was taken off the overview still stands on the page of its module.
    const to = hidden.has(key) ? `/m/${panel.module}` : '/';
    return {
      ...go(t('find.panel'), to, panel.title, () => {
        showPanel(key);
      }),
      id: `panel ${key}`,
      about: modules.find((module) => module.id === panel.module)?.title,
    };
  });
}

function useCreating(): Entry[] {
  const go = useGo();
  const mayUsers = useMay('users.manage');
  const mayFlags = useMay('flags.manage');
  const open = (to: string, title: string, what: Opening) =>
    go(t('find.action'), to, title, () => {
      askToOpen(what);
    });
  return [
    ...(mayUsers ? [open('/users', t('users.new'), 'user'), open('/roles', t('roles.new'), 'role')] : []),
    ...(mayFlags ? [open('/flags', t('flags.new'), 'flag')] : []),
    open('/account/keys', t('keys.new'), 'key'),
    open('/', t('layout.edit'), 'layout'),
  ];
}

function useActing(onAct: (module: Module, op: Operation) => void): Entry[] {
  const may = useMay('modules.manage');
  const modules = useQuery({ ...modulesQuery, enabled: may }).data ?? [];
  return modules.flatMap((module) =>
    actions(module).map((op) => ({
      id: `${op} ${module.id}`,
      title: t('action.of', { op: t(`op.${op}`), title: module.title }),
      kind: t('find.action'),
      run: () => {
        onAct(module, op);
      },
    })),
  );
}

function useSelf(): Entry[] {
  const kind = t('find.action');
  return [
    ...themes
      .filter((choice) => choice !== theme.get())
      .map((choice) => ({
        id: `theme ${choice}`,
        title: t('find.theme', { name: t(`theme.${choice}`) }),
        kind,
        run: () => {
          setTheme(choice);
        },
      })),
    ...(Object.keys(locales) as Locale[])
      .filter((choice) => choice !== locale.get())
      .map((choice) => ({
        id: `language ${choice}`,
        title: t('find.language', { name: locales[choice] }),
        kind,
        run: () => void changeLocale(choice),
      })),
    { id: 'signout', title: t('signout'), kind, run: () => void signOut() },
  ];
}
