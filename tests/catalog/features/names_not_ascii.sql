CREATE SCHEMA "été";
CREATE TYPE "été"."größe" AS ENUM ('groß', 'klein');
CREATE TABLE "été"."日本語" ("名前" text DEFAULT '太郎', "größe" "été"."größe", "𝔘" int PRIMARY KEY, "e\u0301" int);
CREATE INDEX "ιndex" ON "été"."日本語" ("名前");
COMMENT ON TABLE "été"."日本語" IS '🙂 emoji';
