CREATE TYPE employee AS (name text, salary numeric);
CREATE TABLE employees OF employee (PRIMARY KEY (name), salary WITH OPTIONS NOT NULL DEFAULT 1000);
