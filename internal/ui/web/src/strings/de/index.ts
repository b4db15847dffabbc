import { account } from './account.ts';
import { ai } from './ai.ts';
import { apidocs } from './apidocs.ts';
import { audit } from './audit.ts';
import { core } from './core.ts';
import { flags } from './flags.ts';
import { forms } from './forms.ts';
import { keys } from './keys.ts';
import { layout } from './layout.ts';
import { limits } from './limits.ts';
import { modules } from './modules.ts';
import { overview } from './overview.ts';
import { palette } from './palette.ts';
import { remarks } from './remarks.ts';
import { resource } from './resource.ts';
import { roles } from './roles.ts';
import { settings } from './settings.ts';
import { setup } from './setup.ts';
import { system } from './system.ts';
import { titles } from './titles.ts';
import { users } from './users.ts';
import type { Words } from '../words.ts';
import type { en } from '../en/index.ts';

/** Deutsch, complete: every feature's file holds the keys of its English one. */
export const de: Words<typeof en> = {
  ...core,
  ...setup,
  ...overview,
  ...layout,
  ...palette,
  ...forms,
  ...remarks,
  ...titles,
  ...account,
  ...audit,
  ...settings,
  ...modules,
  ...resource,
  ...users,
  ...roles,
  ...keys,
  ...system,
  ...limits,
  ...apidocs,
  ...flags,
  ...ai,
};
