-- Tags of tables and columns.

-- https://docs.snowflake.com/en/sql-reference/sql/create-tag
create tag cost_center comment = 'who pays';
-- row: ["Tag COST_CENTER successfully created."]

create tag cost_center;
-- error: 002002 42710 *

create tag if not exists cost_center;
-- row: ["COST_CENTER already exists, statement succeeded."]

create tag secrecy allowed_values 'public', 'secret';

create tag t propagate = on_dependency;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'PROPAGATE of a tag'.

-- https://docs.snowflake.com/en/user-guide/object-tagging/introduction
create table tagged (id int with tag (secrecy = 'public'), mail varchar) with tag (cost_center = 'sales');

alter table tagged modify column mail set tag secrecy = 'secret', cost_center = 'it';

alter table tagged set tag secrecy = 'hidden';
-- error: * * SQL compilation error:\nTag value 'hidden' is not allowed for tag 'CORTEX_FINETUNING_DB.PUBLIC.SECRECY'.

alter table tagged set tag nonesuch = 'x';
-- error: 002003 42S02 *

alter table tagged alter column nonesuch set tag secrecy = 'secret';
-- error: 000904 42000 *

-- https://docs.snowflake.com/en/sql-reference/functions/system_get_tag
select system$get_tag('cost_center', 'tagged', 'table') as a, system$get_tag('secrecy', 'tagged', 'table') as b;
-- row: ["sales", null]

select system$get_tag('secrecy', 'tagged.mail', 'column') as a, system$get_tag('cost_center', 'tagged.mail', 'column') as b,
    system$get_tag('cost_center', 'tagged.id', 'column') as inherited;
-- row: ["secret", "it", "sales"]

-- https://docs.snowflake.com/en/sql-reference/functions/tag_references
select tag_name, tag_value, level, object_name, domain, column_name from table(information_schema.tag_references('tagged', 'table'));
-- row: ["COST_CENTER", "sales", "TABLE", "TAGGED", "TABLE", null]

select tag_name, tag_value, level, domain from table(information_schema.tag_references('tagged.id', 'column')) order by tag_name;
-- row: ["COST_CENTER", "sales", "TABLE", "COLUMN"]
-- row: ["SECRECY", "public", "COLUMN", "COLUMN"]

select tag_value from table(information_schema.tag_references('tagged.mail', 'column')) order by tag_name;
-- row: ["it"]
-- row: ["secret"]

select * from table(information_schema.tag_references('compute_wh', 'warehouse'));
-- error: 000002 0A000 Tags of a warehouse are not supported

select system$get_tag('cost_center', 'nonesuch', 'table');
-- error: 002003 42S02 *

-- Values follow a column and a table to their new names, and go to a table that is made like theirs.
alter table tagged rename column mail to address;

alter table tagged rename to renamed;

create table alike clone renamed;

select system$get_tag('secrecy', 'renamed.address', 'column') as a, system$get_tag('secrecy', 'alike.address', 'column') as b;
-- row: ["secret", "secret"]

alter table renamed drop column address;

alter table renamed add column address varchar;

select system$get_tag('secrecy', 'renamed.address', 'column') as a;
-- row: [null]

alter table renamed unset tag cost_center;

select system$get_tag('cost_center', 'renamed', 'table') as a;
-- row: [null]

create temporary table brief (id int) with tag (cost_center = 'sales');
-- error: * * SQL compilation error:\nUnsupported: a tag of a temporary table, or of another database.

-- A tag that is dropped is taken from all that have it.
drop tag secrecy;
-- row: ["SECRECY successfully dropped."]

create tag secrecy;

select system$get_tag('secrecy', 'alike.address', 'column') as a;
-- row: [null]

drop tag nonesuch;
-- error: 002003 42S02 *

-- https://docs.snowflake.com/en/sql-reference/sql/undrop
undrop table tagged;
-- error: 000002 0A000 SQL compilation error:\nUnsupported feature 'UNDROP TABLE'.
