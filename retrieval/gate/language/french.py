"""French."""

from __future__ import annotations

from retrieval.gate.language.base import language, listed

_SMALL = listed(
    "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf"
)
_ONES = ["", "et un", *_SMALL[:8]]
_TEENS = ["dix", "et onze", *_SMALL[10:]]
_TENS = {20: "vingt", 30: "trente", 40: "quarante", 50: "cinquante", 60: "soixante"}


def _joined(name: str, rest: str) -> str:
    """ "vingt et un", "vingt-deux"; also with hyphens throughout."""
    if not rest:
        return name
    return (
        f"{name} {rest}|{name}-{rest.replace(' ', '-')}" if rest.startswith("et ") else f"{name}-{rest}|{name} {rest}"
    )


_NUMBERS = dict(enumerate(_SMALL, 2))
_NUMBERS |= {ten + n: _joined(name, one) for ten, name in _TENS.items() for n, one in enumerate(_ONES)}
_NUMBERS |= {70 + n: _joined("soixante", teen) for n, teen in enumerate(_TEENS)}
_NUMBERS |= {
    80: "quatre-vingts|quatre-vingt",
    **{80 + n: f"quatre-vingt-{one}" for n, one in enumerate(["un", *_SMALL[:8]], 1)},
}
_NUMBERS |= {90 + n: f"quatre-vingt-{teen}" for n, teen in enumerate(_SMALL[8:])}
_NUMBERS |= {100: "cent", 1000: "mille", **{100 * n: f"{one} cents|{one} cent" for n, one in enumerate(_SMALL[:8], 2)}}

FRENCH = language(
    "fr",
    "French",
    common="""en etait etaient fut furent apres avant chiffre dont lors vers le la les un une des du de au aux et
    ou est sont ne pas plus que qui dans pour par sur avec sans sous entre chaque ce cette ces son sa
    ses leur leurs il elle ils elles se aucun aucune doit doivent peut peuvent etre avoir moins tout
    tous toute toutes selon ainsi jour jours mois an ans annee annees nuit semaine semaines heures
    article societe contrat employe employes salarie salaries client pourcent cout coutent d'une
    l'accord n'est n'a qu'un""",
    months="janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    numbers=_NUMBERS,
    one="un|une",
    joins="et|ou|mais",
    terms="""
    business days = jours?_ouvres? jours?_ouvrables?
    calendar days = jours?_calendaires?
    days = jour jours
    nights = nuit nuits nuitee nuitees
    hours = heure heures
    minutes = minute minutes
    weeks = semaine semaines
    months = mois
    quarter = trimestre trimestres
    half = semestre semestres
    years = an ans annee annees
    percentage points = points?_de_pourcentage
    percent = pour_cent pourcent
    basis points = points?_de_base
    million = million millions
    billion = milliard milliards md
    trillion = billion billions
    euros = euro euros
    dollars = dollar dollars
    pounds = livre livres livres_sterling
    francs = franc francs
    yen = yen yens
    times = fois
    section = section sections paragraphe paragraphes alinea
    article = article articles
    clause = clause clauses
    chapter = chapitre chapitres
    annex = annexe annexes
    page = page pages
    table = tableau
    first = premiers? premieres?
    second = deuxieme second seconde
    third = troisieme
    fourth = quatrieme
    """,
    marks={
        "": """
        non seulement
        sans (delai|retard|prejudice)
        """,
        "most": """
        n(e |')(doit|doivent|peut|peuvent|saurait|sauraient) _ (pas|jamais) (depasser|exceder)
        n(e |')(doit|doivent|peut|peuvent) _ pas _ plus de#
        n(e |')(depasse|depassent|excede|excedent) pas
        pas plus (de|tard que|tard)
        au plus tard|au plus|au maximum|maximum|maximal\\w*
        (jusqu'a|plafonne\\w* a|limite\\w* a|dans les|dans un delai de)#
        (dans le delai de|sous|moins de|inferieur\\w* a)#
        """,
        "least": """
        pas moins de
        au moins|au minimum|minimum|minimal\\w*
        (plus de|superieur\\w* a|au-dela de|au-dessus de|depass\\w*|exced\\w*|a partir de)#
        """,
        "exempt": """
        n(e |')(est|sont|sera|seront) pas _ (tenu\\w*|oblige\\w*|necessaire\\w*)
        n(e |')(est|sont|sera|seront) pas _ (requis\\w*|obligatoire\\w*|exige\\w*)
        n(e |')(a|ont|aura|auront) pas (a|besoin|l'obligation)
        n(e |')(exige|exigent|requiert|requierent|necessite|necessitent) _ (pas|aucun\\w*)
        aucun\\w* _ n(e |')(est|sont|sera) _ (requis\\w*|necessaire\\w*|exige\\w*|obligatoire\\w*)
        aucune obligation
        dispense\\w*|exempt\\w*|facultati\\w*|optionnel\\w*
        """,
        "only": """
        uniquement|seulement|exclusivement|seuls?|seules?
        qu'(avec|apres|en|au|a|aux)|que (par|si|sur|dans|pour|lorsque|sous|sur)
        (a condition|sous reserve) (que|de|d')
        """,
        "except": """
        sauf|excepte|hormis|a l'exception|a moins (que|qu'|de|d')|a l'exclusion
        sans _ (accord|l'accord|consentement|autorisation|l'autorisation|approbation|l'approbation)
        mais (pas|non)
        """,
        "forbid": """
        n(e |')(doit|doivent|devez|devra|devront|peut|peuvent|pouvez|pourra|pourront) _ (pas|jamais|aucun\\w*|rien)
        n(e |')(devrait|devraient|devriez|pourrait|pourraient|saurait|sauraient) _ (pas|jamais|aucun\\w*|rien)
        aucun\\w* _ n(e |')(peut|peuvent|doit|doivent)
        n(e |')(est|sont|sera|seront) pas _ (autorise\\w*|permis|permise|permises|admis|admise|admises|habilite\\w*)
        interdi\\w*|prohib\\w*|defendu\\w*
        """,
        "advise": """
        devrait|devraient|devriez|recommand\\w*|conseille\\w*
        """,
        "oblige": """
        doit|doivent|devez|devra|devront|tenue?s?|oblige\\w*|obligatoire\\w*|obligation|requis|requise|requises|requiert|requierent
        exige\\w*|exigent|necessaire\\w*|necessit\\w*|faut
        """,
        "permit": """
        peut|peuvent|pouvez|pourra|pourront|autorise\\w*|permis|permise|permises|permet|permettent|habilite\\w*|admis|admise
        (a|ont) (le )?droit
        """,
        "not": """
        n(e |')_ (pas|plus|jamais|aucun\\w*|rien|personne)
        ni _ ni
        aucun\\w*|sans|jamais|ni|nul|nulle|pas|non
        """,
    },
)
