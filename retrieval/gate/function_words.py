"""The words of seven languages that carry grammar: all that the gate knows of a language.

Written without accents, unless they part two words, and in small letters; "_" stands for a blank. Of forms parted by
"/" the first stands for all of them. Everything else is a content word, whatever it means: the gate knows no other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Kind(Enum):
    IDLE = "idle"  # says nothing of its own: articles, auxiliaries, pronouns
    WEAK = "weak"  # a preposition that may be another one in a true compression ("in", "at")
    LINK = "link"  # a preposition that tells roles
    AND = "and"  # joins what is alike
    NOT = "negation"
    CONDITION = "condition"  # or an exception: whatever stands in its sentence depends on it
    DUTY = "modality"
    BOUND = "bound"  # quantity or order
    TIME = "time"  # or place, or who: what begins with it narrows what it follows
    REPLY = "yes or no"
    TOGETHER = "pairing"  # pairs the members of two lists
    NUMBER = "number"
    WORD = "word"


TURNS = frozenset({Kind.NOT, Kind.CONDITION, Kind.DUTY, Kind.BOUND, Kind.TIME, Kind.TOGETHER})
"""What turns a statement round, or narrows it."""

_WORDS: dict[str, dict[Kind, str]] = {
    "english": {
        Kind.IDLE: """
            a an the this that these those is are was were be been being am has have had having do does did it its
            their his her they them he she him we us you your our i my there here so then also thereof therein
            hereby herein such one's""",
        Kind.WEAK: "at in on with for as into onto about via",
        Kind.LINK: "of by to from upon per through among towards",
        Kind.AND: "and or",
        Kind.NOT: "not/no/none never without neither nor nobody nothing nowhere",
        Kind.CONDITION: """
            unless except/excepting/excluding/other_than/save_for only/solely/exclusively if until provided_that
            subject_to provided_however so_long as_long""",
        Kind.DUTY: "must/shall may/can should will would could might",
        Kind.BOUND: """
            least most more less/fewer exceed/exceeds/exceeding over under above below within each every some both
            either first second third last than""",
        Kind.TIME: """
            before/prior after/following during since when/whenever where/wherever while once between against
            who/whom whose which""",
        Kind.REPLY: "yes",
        Kind.TOGETHER: "respectively",
    },
    "german": {
        Kind.IDLE: """
            der/die/das/den/dem/des ein/eine/einen/einem/einer/eines ist/sind/war/waren/sei wird/werden/wurde/wurden
            worden hat/haben/hatte/hatten er sie es ihr/ihre/ihren/ihrem/ihrer sein/seine/seinen/seinem/seiner sich
            dieser/diese/dieses/diesen/diesem dies so auch hiermit""",
        Kind.WEAK: "in/im an/am auf/aufs bei/beim mit als fur uber zum/zur",
        Kind.LINK: "von/vom durch zu aus gegenuber",
        Kind.AND: "und/sowie oder",
        Kind.NOT: "nicht kein/keine/keinen/keinem/keiner/keines nie/niemals niemand nichts ohne weder noch",
        Kind.CONDITION: """
            wenn falls sofern soweit es_sei ausser ausgenommen nur/ausschliesslich/lediglich bis vorausgesetzt
            vorbehaltlich mit_ausnahme""",
        Kind.DUTY: "muss/mussen darf/durfen kann/konnen soll/sollen sollte/sollten",
        Kind.BOUND: """
            mindestens/wenigstens hochstens/maximal mehr weniger uber unter innerhalb/binnen
            jeder/jede/jedes/jeden/jedem einige beide/beiden erste/ersten/erster zweite/zweiten/zweiter
            dritte/dritten letzte/letzten als""",
        Kind.TIME: """
            vor nach wahrend seit sobald nachdem bevor wo wann zwischen gegen welcher/welche/welches/welchen
            deren/dessen""",
        Kind.REPLY: "ja nein",
        Kind.TOGETHER: "jeweils beziehungsweise bzw",
    },
    "french": {
        Kind.IDLE: """
            le/la/les/l un/une ce/cette/ces/cet est/sont/etait/etaient/etre/soit a/ont/avait/avoir il/elle/ils/elles
            se/s son/sa/ses leur/leurs y en ci qu que ainsi aussi""",
        Kind.WEAK: "dans sur pour avec en au/aux chez comme",
        Kind.LINK: "de/du/des/d par a vers envers",
        Kind.AND: "et ou",
        Kind.NOT: "ne/n pas non jamais aucun/aucune ni sans rien nul/nulle personne",
        Kind.CONDITION: """
            si/s_il sauf hormis excepte seulement/uniquement/exclusivement jusqu sous_reserve pourvu a_condition""",
        Kind.DUTY: "doit/doivent/devra/devront peut/peuvent/pourra/pourront devrait/devraient pourrait/pourraient",
        Kind.BOUND: """
            moins plus maximum minimum chaque chacun tout/tous/toute/toutes quelques deux premier/premiere
            second/seconde troisieme dernier/derniere que depasse/depasser""",
        Kind.TIME: "avant apres pendant/durant lorsque/quand depuis des entre contre qui dont lequel/laquelle/lesquels",
        Kind.REPLY: "oui",
        Kind.TOGETHER: "respectivement",
    },
    "spanish": {
        Kind.IDLE: """
            el/la/los/las un/una/unos/unas este/esta/estos/estas ese/esa es/son/era/eran/ser/sea ha/han/haya hay se
            su/sus lo le les que asi tambien ello""",
        Kind.WEAK: "en para con sobre como al",
        Kind.LINK: "de/del por a hacia",
        Kind.AND: "y/e o/u",
        Kind.NOT: "no nunca ningun/ninguno/ninguna ni sin nada nadie tampoco",
        Kind.CONDITION: """
            si salvo excepto solo/solamente/unicamente/exclusivamente hasta siempre_que sujeto_a condicion_de
            a_condicion""",
        Kind.DUTY: "debe/deben/debera/deberan puede/pueden/podra/podran deberia/deberian podria/podrian",
        Kind.BOUND: """
            menos mas maximo minimo cada todo/todos/toda/todas algunos ambos/ambas primer/primero/primera
            segundo/segunda tercer/tercero ultimo/ultima""",
        Kind.TIME: "antes despues durante cuando desde mientras entre contra quien/quienes cual/cuales cuyo/cuya donde",
        Kind.REPLY: "sí",
        Kind.TOGETHER: "respectivamente",
    },
    "italian": {
        Kind.IDLE: """
            il/lo/la/i/gli/le/l un/uno/una questo/questa/questi/queste essere sia sono ha/hanno si suo/sua/suoi/sue
            loro che anche cosi ne vi è""",
        Kind.WEAK: "in/nel/nella/nei/nelle su/sul/sulla per con come",
        Kind.LINK: "di/del/della/dei/delle/dello/dell/d da/dal/dalla/dai/dall a/al/alla/ai/alle/all verso",
        Kind.AND: "e/ed o/od",
        Kind.NOT: "non mai nessun/nessuno/nessuna ne senza nulla niente",
        Kind.CONDITION: """
            se salvo tranne eccetto solo/soltanto/esclusivamente/unicamente fino purche a_condizione soggetto_a""",
        Kind.DUTY: "deve/devono/dovra/dovranno puo/possono/potra/potranno dovrebbe/dovrebbero potrebbe/potrebbero",
        Kind.BOUND: """
            meno piu massimo minimo ogni ciascuno/ciascuna tutto/tutti/tutte alcuni entrambi/entrambe entro
            primo/prima secondo/seconda terzo/terza ultimo/ultima""",
        Kind.TIME: "prima dopo durante quando mentre tra/fra contro chi quale/quali cui dove",
        Kind.REPLY: "sì",
        Kind.TOGETHER: "rispettivamente",
    },
    "portuguese": {
        Kind.IDLE: """
            o/a/os/as um/uma este/esta/estes/estas esse/essa sao ser seja foi/foram tem ha seu/sua/seus/suas que
            tambem assim lhe""",
        Kind.WEAK: "em/no/na/nos/nas para com sobre como ao/aos",
        Kind.LINK: "de/do/da/dos/das por/pelo/pela",
        Kind.AND: "e ou",
        Kind.NOT: "nao nunca nenhum/nenhuma nem sem nada ninguem",
        Kind.CONDITION: "se salvo exceto so/somente/apenas/exclusivamente ate desde_que sujeito_a a_condicao",
        Kind.DUTY: "deve/devem/devera/deverao pode/podem/podera/poderao deveria/deveriam poderia/poderiam",
        Kind.BOUND: """
            menos mais maximo minimo cada todo/todos/toda/todas alguns ambos/ambas primeiro/primeira segundo/segunda
            terceiro/terceira ultimo/ultima""",
        Kind.TIME: "antes apos/depois durante quando enquanto entre contra quem qual/quais cujo/cuja onde",
        Kind.REPLY: "sim",
        Kind.TOGETHER: "respectivamente",
    },
    "dutch": {
        Kind.IDLE: """
            de/het een dit/deze/die/dat is/zijn/was/waren wordt/worden/werd/werden heeft/hebben/had hij zij ze het
            hun haar zich er ook zo hierbij""",
        Kind.WEAK: "in op met voor als bij aan over",
        Kind.LINK: "van door tot uit naar te jegens",
        Kind.AND: "en of",
        Kind.NOT: "niet geen nooit niemand niets zonder noch",
        Kind.CONDITION: "indien/als tenzij behalve uitgezonderd alleen/slechts/uitsluitend totdat mits behoudens",
        Kind.DUTY: "moet/moeten dient/dienen mag/mogen kan/kunnen zal/zullen zou/zouden behoort/behoren",
        Kind.BOUND: """
            minste/minstens hoogste/hoogstens/maximaal meer minder boven onder binnen elk/elke ieder/iedere enkele
            beide eerste tweede derde laatste dan""",
        Kind.TIME: "voordat na nadat tijdens wanneer sinds zodra terwijl tussen tegen wie wiens welke/welk waar",
        Kind.REPLY: "ja nee",
        Kind.TOGETHER: "respectievelijk",
    },
}


@dataclass(frozen=True, slots=True, eq=False)  # there is one of each
class FunctionWords:
    """A language's function words by form as read: what stands for it, and its kind."""

    name: str  # as its stemmer is called
    words: Mapping[str, tuple[str, Kind]]


def _read(name: str, kinds: Mapping[Kind, str]) -> FunctionWords:
    found: dict[str, tuple[str, Kind]] = {}
    for kind, listed in kinds.items():
        for group in listed.split():
            first, *others = group.split("/")
            for form in (first, *others):
                found[form] = (first, kind)  # what is listed under a later, stricter kind is of that one
    return FunctionWords(name, found)


LANGUAGES: tuple[FunctionWords, ...] = tuple(_read(name, kinds) for name, kinds in _WORDS.items())
"""English first: it is what a text is read as that could be of several."""
