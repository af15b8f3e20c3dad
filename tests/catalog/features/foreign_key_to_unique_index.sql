CREATE SCHEMA "Other s";
CREATE TABLE "Other s"."P p" (a int, b int);
CREATE UNIQUE INDEX "u u" ON "Other s"."P p" (a, b);
CREATE TABLE c (x int, y int, FOREIGN KEY (y, x) REFERENCES "Other s"."P p" (b, a));
