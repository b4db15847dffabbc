import { useQuery } from '@tanstack/react-query';
import { ErrorNotice } from '../parts/notice';
import { LoadingRows } from '../parts/skeleton';
import { t } from '../strings';
import { beyond, gives, patternsOf, roleTitle, type Role } from './patterns';
import { rolesQuery, useOwnPatterns } from './queries';

interface Props {
  label: string;
  chosen: string[];
  onChange: (chosen: string[]) => void;
  /** Roles that cannot be chosen here, with the reason. */
  except?: (role: Role) => string;
  disabled?: boolean;
}

/** Roles to choose from; what this person could not hand out is there too, with the reason. */
export function RoleChoice({ label, chosen, onChange, except, disabled = false }: Props) {
  const roles = useQuery(rolesQuery);
  const own = useOwnPatterns();
  const list = roles.data ?? [];
  const reason = (role: Role) => {
    const missing = beyond(own, patternsOf(list, [role.name]).keys());
    if (missing) return t('access.beyond', { permission: missing });
    return except?.(role) ?? '';
  };
  return (
    <fieldset className="choices">
      <legend className="label">{label}</legend>
      {roles.isPending && <LoadingRows rows={3} height="2rem" />}
      {roles.error && !roles.data && (
        <ErrorNotice error={roles.error} onRetry={() => void roles.refetch()} alert={false} />
      )}
      {list.map((role) => {
        const why = reason(role);
        return (
          <label key={role.name} className="check">
            <input
              type="checkbox"
              checked={chosen.includes(role.name)}
              disabled={disabled || why !== ''}
              onChange={(event) => {
                onChange(
                  event.target.checked ? [...chosen, role.name] : chosen.filter((name) => name !== role.name),
                );
              }}
            />
            <span>
              {roleTitle(role)} <span className="hint">{why || gives(role)}</span>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
