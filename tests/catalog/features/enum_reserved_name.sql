CREATE TYPE "order" AS ENUM ('asc', 'desc');
CREATE TYPE "interval" AS ENUM ('a');
CREATE TYPE "Mixed Case" AS ENUM ('a');
CREATE TABLE t (a "order" DEFAULT 'asc', b public."interval", c "Mixed Case"[] DEFAULT '{a}');
