import { useState, type ReactNode } from 'react';
import { t } from '../strings';
import { limitsOf, typeOf } from './describe';
import { refName, resolve, type Schema } from './openapi';
import { SchemaLink } from './links';

interface Props {
  schemas: Record<string, Schema>;
  schema: Schema | undefined;
  /** The names of the schemas that this one is inside of: one of them again is a loop. */
  inside?: string[];
}

/** What a value consists of, level by level. */
export function SchemaView({ schemas, schema, inside = [] }: Props) {
  const name = refName(schema);
  const found = resolve(schemas, schema);
  const path = name ? [...inside, name] : inside;
  const parts = found.oneOf ?? found.anyOf ?? found.allOf;
  const properties = Object.entries(found.properties ?? {});
  const items = typeof found.items === 'object' ? found.items : undefined;
  const rest = typeof found.additionalProperties === 'object' ? found.additionalProperties : undefined;
  const known = properties.length > 0 || items !== undefined || rest !== undefined || parts !== undefined;
  return (
    <div className="schema">
      {found.description && inside.length === 0 && <p>{found.description}</p>}
      {!known && <Facts schemas={schemas} schema={schema} />}
      {properties.length > 0 && (
        <ul>
          {properties.map(([property, value]) => (
            <Line
              key={property}
              name={<b className="mono">{property}</b>}
              required={found.required?.includes(property) ?? false}
              schemas={schemas}
              schema={value}
              inside={path}
            />
          ))}
        </ul>
      )}
      {items && (
        <ul>
          <Line
            name={t('docs.each')}
            schemas={schemas}
            schema={items}
            inside={path}
            opened={inside.length === 0}
          />
        </ul>
      )}
      {rest && Object.keys(rest).length > 0 && (
        <ul>
          <Line name={t('docs.others')} schemas={schemas} schema={rest} inside={path} />
        </ul>
      )}
      {parts?.map((part, index) => (
        <SchemaView key={index} schemas={schemas} schema={part} inside={path} />
      ))}
    </div>
  );
}

interface LineProps extends Props {
  name: ReactNode;
  required?: boolean;
  inside: string[];
  opened?: boolean;
}

function Line({ name, required = false, schemas, schema, inside, opened = false }: LineProps) {
  const [open, setOpen] = useState(opened);
  const inner = innermost(schemas, schema);
  const named = refName(inner);
  const loop = named !== '' && inside.includes(named);
  const deep = !loop && nests(resolve(schemas, inner));
  const head = (
    <>
      {name}
      <Facts schemas={schemas} schema={schema} linked={!deep} />
      {required && <span className="needed">{t('docs.required')}</span>}
      {loop && <span className="dim small">{t('docs.loop')}</span>}
    </>
  );
  const about = resolve(schemas, schema).description;
  return (
    <li>
      {deep ? (
        <details
          open={open}
          onToggle={(event) => {
            setOpen(event.currentTarget.open);
          }}
        >
          <summary>{head}</summary>
          {/* Drawn when it is opened: a schema can be as deep as it likes. */}
          {open && (
            <>
              {named && (
                <p className="crumbs">
                  <SchemaLink name={named}>{t('docs.schema.open', { name: named })}</SchemaLink>
                </p>
              )}
              <SchemaView schemas={schemas} schema={inner} inside={inside} />
            </>
          )}
        </details>
      ) : (
        <p className="schema-line">{head}</p>
      )}
      {about && <p className="dim small">{about}</p>}
    </li>
  );
}

interface FactsProps {
  schemas: Record<string, Schema>;
  schema: Schema | undefined;
  /** A name leads to its schema; not in a summary, which is pressed itself. */
  linked?: boolean;
}

/** A type in words, by its name where it has one, and its limits. */
export function Facts({ schemas, schema, linked = true }: FactsProps) {
  const name = refName(innermost(schemas, schema));
  const found = resolve(schemas, schema);
  const limits = limitsOf(found);
  return (
    <span className="facts-line">
      <span className="dim">
        {typeOf(schemas, schema)} {name && (linked ? <SchemaLink name={name} /> : <b>{name}</b>)}
      </span>
      {found.enum && (
        <span>
          {found.enum.map((value) => (
            <code key={String(value)}>{JSON.stringify(value)}</code>
          ))}
        </span>
      )}
      {limits.length > 0 && <span className="dim small">{limits.join(' · ')}</span>}
      {found.deprecated && <span className="badge plain warn">{t('docs.deprecated')}</span>}
      {found.readOnly && <span className="badge plain">{t('docs.readonly')}</span>}
      {found.writeOnly && <span className="badge plain">{t('docs.writeonly')}</span>}
    </span>
  );
}

/** What a list is a list of, however many times. */
function innermost(schemas: Record<string, Schema>, schema: Schema | undefined): Schema | undefined {
  let inner = schema;
  for (let depth = 0; depth < 4; depth++) {
    const { items } = resolve(schemas, inner);
    if (typeof items !== 'object' || refName(inner)) return inner;
    inner = items;
  }
  return inner;
}

function nests(schema: Schema): boolean {
  const more =
    typeof schema.additionalProperties === 'object' && Object.keys(schema.additionalProperties).length > 0;
  return (
    more || [schema.properties, schema.oneOf, schema.anyOf, schema.allOf].some((part) => part !== undefined)
  );
}
