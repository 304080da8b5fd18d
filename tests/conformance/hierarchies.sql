-- Hierarchies: START WITH and CONNECT BY

-- https://docs.snowflake.com/en/sql-reference/constructs/connect-by
create table employees (title varchar, employee_id int, manager_id int);

insert into employees values ('President', 1, null), ('Vice President Engineering', 10, 1), ('Programmer', 100, 10), ('QA Engineer', 101, 10), ('Vice President HR', 20, 1), ('Health Insurance Analyst', 200, 20);

select employee_id, manager_id, title from employees start with title = 'President' connect by manager_id = prior employee_id order by employee_id limit 2;
-- row: [1, null, "President"]
-- row: [10, 1, "Vice President Engineering"]

select sys_connect_by_path(title, ' -> '), level, title as t from employees start with title = 'President' connect by manager_id = prior employee_id order by employee_id desc limit 2;
-- columns: SYS_CONNECT_BY_PATH(TITLE, ' -> ') VARCHAR(16777216), LEVEL NUMBER(38,0), T VARCHAR(16777216)
-- row: [" -> President -> Vice President HR -> Health Insurance Analyst", 3, "Health Insurance Analyst"]
-- row: [" -> President -> Vice President Engineering -> QA Engineer", 3, "QA Engineer"]

select e.*, connect_by_root title as root, connect_by_root(employee_id) as id from employees e start with e.title like 'Vice%' connect by prior e.employee_id = e.manager_id order by e.employee_id;
-- row: ["Vice President Engineering", 10, 1, "Vice President Engineering", 10]
-- row: ["Vice President HR", 20, 1, "Vice President HR", 20]
-- row: ["Programmer", 100, 10, "Vice President Engineering", 10]
-- row: ["QA Engineer", 101, 10, "Vice President Engineering", 10]
-- row: ["Health Insurance Analyst", 200, 20, "Vice President HR", 20]

-- Upwards; WHERE filters the whole hierarchy; LEVEL in the condition is that of the row below.
select title from employees where level > 1 start with employee_id = 101 connect by employee_id = prior manager_id order by level;
-- row: ["Vice President Engineering"]
-- row: ["President"]

select * exclude title from employees start with manager_id is null connect by prior employee_id = manager_id and level <= 2 order by 1;
-- row: [1, null]
-- row: [10, 1]
-- row: [20, 1]

with staff as (select * from employees) select level, count(*) as n from staff start with manager_id is null connect by prior employee_id = manager_id group by level having count(*) > 1 order by level;
-- row: [2, 2]
-- row: [3, 3]

create view tree as select title, level as depth from (select * from employees where employee_id < 100) start with manager_id is null connect by prior employee_id = manager_id;

select depth, count(*) as n from tree group by depth order by depth;
-- row: [1, 1]
-- row: [2, 2]

create table circle as select column1 as a, column2 as b from values (1, 2), (2, 1);

select count(*) as n from circle start with a = 1 connect by prior b = a;
-- error: 100038 22018 *

select level from employees;
-- error: 000904 42000 *

select a.title from employees a, employees b start with a.employee_id = 1 connect by prior a.employee_id = b.manager_id;
-- error: 000002 0A000 SQL compilation error:\nCONNECT BY takes one table, view or query in FROM.

select title from employees start with manager_id is null connect by nocycle prior employee_id = manager_id;
-- error: 000002 0A000 SQL compilation error:\nCONNECT BY needs START WITH, and has no NOCYCLE.

select sys_connect_by_path(title) as p from employees start with manager_id is null connect by prior employee_id = manager_id;
-- error: 000938 22023 SQL compilation error:\nSYS_CONNECT_BY_PATH takes 2 arguments.
