"""The tables, functions and roles of a log in PostgreSQL, in the order in which they are made.

The roles read tables and change none. What they may write goes through functions that belong to the
owner of the tables (SECURITY DEFINER), each with a fixed search_path:

    append        records that govern no others, with the head that covers them     footnote_append, footnote_erase
    govern        any records: also approvals, a lifted hold, a new key             footnote_erase
    erase         the fields that a recorded approval names, and no others          footnote_erase
    note_copy     where an export lies                                              footnote_append, footnote_erase
    finished      the bytes of an erasure are gone                                  footnote_erase

`append` and `govern` ask for a permit: a value that only a holder of the log's signing key can work out
(`audit.note.SigningKey.permit`). The table `pen` keeps the SHA-256 of the next one, so that nothing in the
database gives it away. A login alone, with whatever role, can so write nothing into the log.
"""

from __future__ import annotations

PART = 4_096
"""Records in a partition of `disclosure`: some 30 MB, written anew in about a second after an erasure.

The functions below say the number too."""

_TABLES = """
CREATE SCHEMA footnote_audit;
CREATE TABLE meta (name text PRIMARY KEY, value text NOT NULL);
CREATE TABLE entry (
    idx bigint PRIMARY KEY, id text NOT NULL UNIQUE, event text NOT NULL, outcome text NOT NULL,
    time bigint NOT NULL, refers_to text, leaf bytea NOT NULL);
CREATE INDEX entry_time ON entry (time);
CREATE INDEX entry_refers ON entry (refers_to) WHERE refers_to IS NOT NULL;
CREATE INDEX entry_event ON entry (event, idx) WHERE event <> 'question';
CREATE TABLE disclosure (
    idx bigint PRIMARY KEY, body bytea NOT NULL, mentions text[] NOT NULL, words text[] NOT NULL)
    PARTITION BY RANGE (idx);
CREATE INDEX disclosure_mentions ON disclosure USING gin (mentions);
CREATE INDEX disclosure_words ON disclosure USING gin (words);
CREATE TABLE erased (idx bigint NOT NULL, name text NOT NULL, by text NOT NULL, PRIMARY KEY (idx, name));
CREATE TABLE tile (level integer NOT NULL, n bigint NOT NULL, hashes bytea NOT NULL, PRIMARY KEY (level, n));
CREATE TABLE key (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, vkey text NOT NULL UNIQUE);
CREATE TABLE copy (path text PRIMARY KEY, first bigint NOT NULL, last bigint NOT NULL, record text NOT NULL);
CREATE TABLE state (
    one integer PRIMARY KEY CHECK (one = 1), size bigint NOT NULL, edge bytea NOT NULL,
    checkpoint text NOT NULL, signer text NOT NULL)
"""

# ATTACH, unlike CREATE ... PARTITION OF, waits for no reader. The planner's statistics would keep
# values of their own, where no erasure reaches them.
_ADD_PART = """
CREATE OR REPLACE FUNCTION add_part(part bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
DECLARE name text := 'disclosure_' || part;
BEGIN
    IF to_regclass(name) IS NOT NULL THEN RETURN; END IF;
    EXECUTE format('CREATE TABLE %I (LIKE disclosure INCLUDING CONSTRAINTS)', name);
    EXECUTE format('ALTER TABLE %I ALTER body SET STATISTICS 0, ALTER mentions SET STATISTICS 0,'
                   ' ALTER words SET STATISTICS 0', name);
    EXECUTE format('ALTER TABLE disclosure ATTACH PARTITION %I FOR VALUES FROM (%s) TO (%s)',
                   name, part * 4096, (part + 1) * 4096);
END $$
"""

# TRUNCATE gives the table a new file, and the old one is removed at the end of the transaction.
_REWRITE_PART = """
CREATE OR REPLACE FUNCTION rewrite_part(part bigint) RETURNS void LANGUAGE plpgsql
SECURITY DEFINER SET search_path = footnote_audit, pg_temp SET statement_timeout = 0 SET lock_timeout = 50 AS $$
DECLARE name text := 'disclosure_' || part;
BEGIN
    EXECUTE format('LOCK TABLE %I IN ACCESS EXCLUSIVE MODE', name);
    EXECUTE format('CREATE TEMPORARY TABLE kept ON COMMIT DROP AS SELECT * FROM %I', name);
    EXECUTE format('TRUNCATE %I', name);
    EXECUTE format('INSERT INTO %I SELECT * FROM pg_temp.kept ORDER BY idx', name);
    DROP TABLE pg_temp.kept;
END $$
"""

# --- from here on: what version 0.2 added to the tables above ---------------------------------

_CHECKS = """
ALTER TABLE entry ADD CHECK (idx >= 0);
ALTER TABLE disclosure ADD CHECK (idx >= 0);
ALTER TABLE erased ADD CHECK (idx >= 0);
ALTER TABLE tile ADD CHECK (level >= 0 AND n >= 0 AND length(hashes) % 32 = 0 AND length(hashes) <= 8192);
ALTER TABLE state ADD CHECK (size >= 0);
CREATE TABLE pen (one integer PRIMARY KEY CHECK (one = 1), following bytea NOT NULL)
"""

# Everything but the bytes of leaf and fields is worked out here, so that what stands in the columns is what
# the leaf says, at the next position and at no other.
_PUT = """
CREATE FUNCTION put(
    permit bytea, following bytea, leaves bytea[], bodies bytea[], mentions text[], words text[],
    levels integer[], places bigint[], hashes bytea[], edge bytea, checkpoint text, signer text
) RETURNS bigint LANGUAGE plpgsql SET search_path = footnote_audit, pg_temp AS $$
DECLARE
    start bigint;
    many bigint := cardinality(leaves);
    origin text;
BEGIN
    SELECT size INTO start FROM state FOR UPDATE;
    IF sha256(put.permit) IS DISTINCT FROM (SELECT pen.following FROM pen) THEN
        RAISE insufficient_privilege USING MESSAGE = 'only a holder of the log''s signing key may append to it';
    END IF;
    SELECT value INTO origin FROM meta WHERE name = 'origin';
    IF many = 0 OR cardinality(bodies) <> many OR cardinality(put.mentions) <> many OR cardinality(put.words) <> many
        OR length(put.following) <> 32
        OR split_part(put.checkpoint, E'\n', 1) <> origin
        OR split_part(put.checkpoint, E'\n', 2) <> CAST(start + many AS text) THEN
        RAISE data_exception USING MESSAGE = 'records and head do not belong together';
    END IF;
    FOR part IN start / 4096 .. (start + many - 1) / 4096 LOOP
        IF part * 4096 >= start THEN PERFORM add_part(part); END IF;
    END LOOP;
    INSERT INTO entry
        SELECT start + l.place - 1, l.j->>'id', l.j->>'event', l.j->>'outcome',
               CAST(round(extract(epoch FROM CAST(l.j->>'time' AS timestamptz)) * 1000000) AS bigint),
               l.j->>'refers_to', l.leaf
        FROM (SELECT leaf, place, CAST(convert_from(leaf, 'UTF8') AS jsonb) AS j
              FROM unnest(leaves) WITH ORDINALITY AS given (leaf, place)) AS l;
    INSERT INTO disclosure
        SELECT start + place - 1, body, ARRAY(SELECT json_array_elements_text(CAST(m AS json))),
               ARRAY(SELECT json_array_elements_text(CAST(w AS json)))
        FROM unnest(bodies, put.mentions, put.words) WITH ORDINALITY AS given (body, m, w, place);
    INSERT INTO tile SELECT * FROM unnest(levels, places, put.hashes)
        ON CONFLICT (level, n) DO UPDATE SET hashes = excluded.hashes;
    UPDATE state SET size = start + many, edge = put.edge, checkpoint = put.checkpoint, signer = put.signer;
    UPDATE pen SET following = put.following;
    RETURN start;
END $$
"""

_APPEND = """
CREATE FUNCTION append(
    permit bytea, following bytea, leaves bytea[], bodies bytea[], mentions text[], words text[],
    levels integer[], places bigint[], hashes bytea[], edge bytea, checkpoint text, signer text
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
DECLARE
    start bigint := put(permit, following, leaves, bodies, mentions, words, levels, places, hashes, edge, checkpoint,
                        signer);
BEGIN
    IF EXISTS (SELECT FROM entry WHERE idx >= start AND (event, outcome) IN (
        ('erasure', 'approved'), ('hold', 'lifted'), ('retention', 'approved'), ('retention', 'done'),
        ('key', 'rotated'), ('key', 'revoked'))) THEN
        RAISE insufficient_privilege USING
            MESSAGE = 'approvals, lifted holds, retention and new keys are for footnote_erase';
    END IF;
END $$
"""

_GOVERN = """
CREATE FUNCTION govern(
    permit bytea, following bytea, leaves bytea[], bodies bytea[], mentions text[], words text[],
    levels integer[], places bigint[], hashes bytea[], edge bytea, checkpoint text, signer text, keys text[]
) RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
BEGIN
    PERFORM put(permit, following, leaves, bodies, mentions, words, levels, places, hashes, edge, checkpoint, signer);
    INSERT INTO key (vkey) SELECT unnest(keys);
END $$
"""

_DIGEST = """
CREATE FUNCTION base64url(data bytea) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT rtrim(translate(encode(data, 'base64'), E'+/\\n', '-_'), '=')
$$
"""

# `json`, unlike `jsonb`, keeps the text of each disclosure as it is: those that stay keep their bytes, and of
# those that go the digest is worked out. Names are compared as JSON: a value may hold what no `text` can.
_ERASE = """
CREATE FUNCTION erase(ground text, targets bigint[], mentions text[], words text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
DECLARE
    said jsonb;
    fields bigint := 0;
    target record;
BEGIN
    SELECT jsonb_object_agg(trim(BOTH '"' FROM CAST(part->1 AS text)), CAST(CAST(part->2 AS text) AS jsonb))
    INTO said
    FROM entry JOIN disclosure USING (idx),
         json_array_elements(CAST(convert_from(body, 'UTF8') AS json)) AS part
    WHERE entry.id = erase.ground
        AND (event, outcome) IN (('erasure', 'approved'), ('retention', 'done'))
        AND CAST(part->1 AS text) IN ('"records"', '"names"', '"digests"');
    IF said IS NULL THEN
        RAISE insufficient_privilege USING MESSAGE = 'no approval of that id is in the log';
    END IF;
    FOR target IN
        SELECT entry.idx, entry.id, given.m, given.w
        FROM unnest(targets, erase.mentions, erase.words) AS given (idx, m, w) JOIN entry USING (idx)
    LOOP
        IF NOT said->'records' ? target.id THEN
            RAISE insufficient_privilege USING MESSAGE = 'record ' || target.id || ' is not approved for erasure';
        END IF;
        CREATE TEMPORARY TABLE parts ON COMMIT DROP AS
            SELECT place, CAST(part AS text) AS text, trim(BOTH '"' FROM CAST(part->1 AS text)) AS name,
                   said->'names' = '["*"]' OR (said->'digests'->target.id->>trim(BOTH '"' FROM CAST(part->1 AS text))
                       = base64url(sha256(convert_to(base64url(convert_to(CAST(part AS text), 'UTF8')), 'UTF8')))
                   ) IS TRUE AS goes
            FROM disclosure,
                 json_array_elements(CAST(convert_from(body, 'UTF8') AS json)) WITH ORDINALITY AS of (part, place)
            WHERE disclosure.idx = target.idx;
        INSERT INTO erased SELECT target.idx, name, erase.ground FROM pg_temp.parts WHERE goes;
        fields := fields + (SELECT count(*) FROM pg_temp.parts WHERE goes);
        UPDATE disclosure SET
            body = convert_to((SELECT '[' || coalesce(string_agg(text, ',' ORDER BY place), '') || ']'
                               FROM pg_temp.parts WHERE NOT goes), 'UTF8'),
            mentions = ARRAY(SELECT json_array_elements_text(CAST(target.m AS json))),
            words = ARRAY(SELECT json_array_elements_text(CAST(target.w AS json)))
        WHERE disclosure.idx = target.idx;
        DROP TABLE pg_temp.parts;
    END LOOP;
    INSERT INTO meta VALUES ('scrub', erase.ground) ON CONFLICT (name) DO UPDATE SET value = excluded.value;
    RETURN fields;
END $$
"""

_NOTE_COPY = """
CREATE FUNCTION note_copy(path text, first bigint, last bigint, record text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM entry WHERE id = note_copy.record AND event = 'access') THEN
        RAISE insufficient_privilege USING MESSAGE = 'no record says that such an export was made';
    END IF;
    INSERT INTO copy VALUES (note_copy.path, note_copy.first, note_copy.last, note_copy.record)
        ON CONFLICT ON CONSTRAINT copy_pkey DO UPDATE
        SET first = excluded.first, last = excluded.last, record = excluded.record;
END $$
"""

_FINISHED = """
CREATE FUNCTION finished(removed text[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = footnote_audit, pg_temp AS $$
    DELETE FROM copy WHERE path = ANY (removed);
    DELETE FROM meta WHERE name = 'scrub';
$$
"""

# Making roles takes a right that the owner of the log may lack: then somebody who has it makes them
# first. The last two grants take a superuser; without them, an erasure says what it could not reach.
_ROLES = """
DO $$
DECLARE role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['footnote_read', 'footnote_append', 'footnote_erase'] LOOP
        BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
                EXECUTE format('CREATE ROLE %I NOLOGIN', role);
            END IF;
        EXCEPTION WHEN insufficient_privilege OR duplicate_object OR unique_violation THEN NULL;
        END;
    END LOOP;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA footnote_audit FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA footnote_audit FROM PUBLIC;
    IF (SELECT count(*) FROM pg_roles WHERE rolname IN ('footnote_read', 'footnote_append', 'footnote_erase')) < 3 THEN
        RETURN;
    END IF;
    REVOKE ALL ON ALL FUNCTIONS IN SCHEMA footnote_audit FROM footnote_read, footnote_append, footnote_erase;
    REVOKE ALL ON ALL TABLES IN SCHEMA footnote_audit FROM footnote_read, footnote_append, footnote_erase;
    REVOKE ALL (body, mentions, words) ON disclosure FROM footnote_erase;
    GRANT USAGE ON SCHEMA footnote_audit TO footnote_read, footnote_append, footnote_erase;
    GRANT SELECT ON meta, entry, disclosure, erased, tile, key, copy, state
        TO footnote_read, footnote_append, footnote_erase;
    GRANT EXECUTE ON FUNCTION append, note_copy TO footnote_append, footnote_erase;
    GRANT EXECUTE ON FUNCTION govern, erase, finished, rewrite_part TO footnote_erase;
    BEGIN
        GRANT EXECUTE ON FUNCTION pg_switch_wal TO footnote_erase;
        GRANT pg_checkpoint TO footnote_erase;
    EXCEPTION WHEN insufficient_privilege OR undefined_object THEN NULL;
    END;
END $$
"""

_FUNCTIONS = (_PUT, _APPEND, _GOVERN, _DIGEST, _ERASE, _NOTE_COPY, _FINISHED)

UPGRADE = (*_CHECKS.strip().split(";\n"), _ADD_PART, _REWRITE_PART, *_FUNCTIONS, _ROLES)
"""What turns the tables of version 0.1 into these; run by their owner, in a transaction."""

SCHEMA = (*_TABLES.strip().split(";\n"), *UPGRADE)
